"""From rows to packages."""

from collections.abc import Sequence

import pytest

from bot.domain.bulk import MOST_ROWS, Checked, Defaults
from bot.domain.bulk_check import check_defaults, check_sheet
from bot.domain.bulk_files import read_pasted
from bot.domain.patterns import Selection
from bot.domain.publishers import Permission, Provider

ID = "eebc175d-4720-4fc8-a31a-6491ca36fb47"
DEFAULTS = Defaults(fields={"file": ("release.yml",), "repo": ("acme/{unscoped}",)}, permissions=(Permission.STAGE,))
KNOWN = ("@acme/a", "@acme/b", "@acme/c")


def names_of(selection: Selection) -> Sequence[str]:
    return [name for name in KNOWN if selection.matches(name)]


def check(text: str, defaults: Defaults = DEFAULTS, *, hidden: frozenset[str] = frozenset()) -> Checked:
    return check_sheet(
        read_pasted(text),
        defaults,
        names_of=names_of,
        is_our_registry=lambda url: url == "https://npm.test",
        hidden=hidden,
    )


def whats(checked: Checked) -> list[tuple[int, str, str]]:
    return [(fault.row, fault.column, fault.mistake.what) for fault in checked.faults]


def test_what_a_row_leaves_open_comes_from_the_form() -> None:
    a, b, c = check("package,file,permissions\n@acme/a,,\n@acme/b,b.yml,publish\nplain,{unscoped}.yml,").wanted
    assert a.fields == {"repo": ("acme/a",), "file": ("release.yml",)}
    assert (a.provider, a.permissions, a.row) == (Provider.GITHUB, (Permission.STAGE,), 2)
    assert (b.fields["file"], b.permissions) == (("b.yml",), (Permission.PUBLISH,))
    assert c.fields == {"repo": ("acme/plain",), "file": ("plain.yml",)}


def test_the_form_speaks_for_rows_of_its_provider_and_for_no_command() -> None:
    checked = check("package,provider,file,org-id\n@acme/a,gitlab,,\n@acme/b,gitlab,.gitlab-ci.yml,\n@acme/c,,,1")
    assert [(wanted.package, wanted.fields) for wanted in checked.wanted] == [
        ("@acme/b", {"file": (".gitlab-ci.yml",)})
    ]
    assert whats(checked) == [
        (2, "file", "No workflow file is named."),
        (4, "org-id", "GitHub Actions has no org-id."),
    ]
    (command,) = check("npm trust github @acme/a --file a.yml").wanted
    assert (command.fields, command.permissions) == ({"file": ("a.yml",)}, ())


def test_a_value_is_looked_at_for_each_package() -> None:
    checked = check("@acme/a plain", Defaults(fields={"file": ("{name}.yml",)}))
    assert [wanted.package for wanted in checked.wanted] == ["plain"]
    assert [(fault.row, fault.column, fault.mistake.got) for fault in checked.faults] == [(1, "file", "@acme/a.yml")]
    assert whats(check("package,repo\n@acme/a,acme")) == [
        (2, "repository", "GitHub repository must be specified in the format owner/repository.")
    ]


def test_patterns_are_resolved_and_those_that_match_nothing_are_told() -> None:
    checked = check("@acme/*\n!@acme/c\n@nobody/*")
    assert [(wanted.row, wanted.package) for wanted in checked.wanted] == [(1, "@acme/a"), (1, "@acme/b")]
    assert whats(checked) == [(3, "package", "I know no package like this.")]
    every = check_sheet(
        read_pasted("*"), DEFAULTS, names_of=lambda _: [f"p{n}" for n in range(MOST_ROWS + 1)], is_our_registry=bool
    )
    assert whats(every) == [(0, "", "These are too many at once.")]
    assert every.wanted == ()


def test_what_only_accounts_see_is_told_to_nobody_who_did_not_name_it() -> None:
    hidden = frozenset({"@acme/a", "@acme/b"})
    assert [(one.package, one.hidden) for one in check("@acme/*", hidden=hidden).wanted] == [
        ("@acme/a", True),
        ("@acme/b", True),
        ("@acme/c", False),
    ]
    named = check("package\n@acme/*\n@acme/b", hidden=hidden).wanted
    assert [(one.package, one.hidden) for one in named] == [("@acme/a", True), ("@acme/b", False), ("@acme/c", False)]
    wrong = check("@acme/a*", Defaults(fields={"file": ("{name}.yml",)}), hidden=hidden)
    assert [fault.mistake.got for fault in wrong.faults] == ["@acme/a*"]


def test_doubles_are_merged_and_the_first_one_stays() -> None:
    checked = check(
        "package,file,permissions\n@acme/a,,publish stage\n@acme/a,release.yml,stage;publish\n@acme/b,,\n@acme/b,,stage"
    )
    assert [wanted.row for wanted in checked.wanted] == [2, 4]
    assert (checked.merged, checked.faults) == (2, ())


CONTRADICTIONS = (
    # the same claims with other permissions; a narrower environment that one token could match too
    ("npm trust github a --file a.yml\nnpm trust github a --file a.yml --allow-stage-publish", True),
    ("npm trust github a --file a.yml --repo o/r\nnpm trust github a --file a.yml --repo o/r --env prod", True),
    ("npm trust github a --file a.yml --env x\nnpm trust github a --file a.yml", True),
    (f"npm trust revoke a --id {ID}\nnpm trust replace a --id {ID} with github --file a.yml", True),
    # two that npm takes side by side
    ("npm trust github a --file a.yml --repo o/r --env x\nnpm trust github a --file a.yml --repo o/r --env y", False),
    ("npm trust github a --file a.yml --repo o/r\nnpm trust github a --file b.yml --repo o/r", False),
    (f"npm trust revoke a --id {ID}\nnpm trust github a --file a.yml --repo o/r", False),
    ("npm trust revoke a --id 1\nnpm trust revoke a --id 2", False),
)  # fmt: skip


@pytest.mark.parametrize(("text", "contradict"), CONTRADICTIONS)
def test_rows_that_contradict_each_other_are_faults_both(text: str, contradict: bool) -> None:  # noqa: FBT001
    checked = check(f"{text}\n@acme/fine")
    if contradict:
        assert [fault.row for fault in checked.faults] == [1, 2]
        assert "Line 2 asks" in checked.faults[0].mistake.what
        assert [wanted.package for wanted in checked.wanted] == ["@acme/fine"]
    else:
        assert (checked.faults, len(checked.wanted)) == ((), 3)


def test_more_configurations_of_a_package_than_npm_takes_are_faults() -> None:
    lines = [f"npm trust github a --file a{number}.yml --repo o/r" for number in range(12)]
    assert [fault.row for fault in check("\n".join(lines)).faults] == [11, 12]


def test_a_line_for_another_registry_is_a_fault() -> None:
    checked = check(
        f"npm trust revoke a --id {ID} --registry https://npm.test\nnpm trust revoke b --id {ID} --registry x"
    )
    assert [(wanted.verb, wanted.provider, wanted.configuration_id) for wanted in checked.wanted] == [
        ("revoke", None, ID)
    ]
    assert whats(checked) == [(2, "registry", "This line is for another registry than mine.")]


def test_of_several_names_in_a_line_only_the_wrong_one_is_left_out() -> None:
    checked = check("@acme/a @acme\n@acme/b")
    assert [wanted.package for wanted in checked.wanted] == ["@acme/a", "@acme/b"]
    assert [fault.row for fault in checked.faults] == [1]


def test_what_the_form_lacks_is_told_once_and_in_its_words() -> None:
    (whole,) = check("@acme/a @acme/b\n@acme/c", Defaults()).faults
    assert (whole.row, whole.column) == (0, "file")
    assert whole.mistake.what == "No workflow file is named for 2 of these."  # lines
    assert len(check("package,file\n@acme/a,\n@acme/b,\n@acme/c,c.yml", Defaults()).faults) == 2
    (lacking, *_) = check("package,provider\n@acme/a,circleci", Defaults()).faults
    assert lacking.mistake.expected == f"a column {lacking.column}"


@pytest.mark.parametrize("text", ["", "sleep 2", "# nothing", "package,file\n,\n"])
def test_nothing_is_a_fault_too(text: str) -> None:
    assert whats(check(text)) == [(0, "", "No package is named here.")]


def test_the_form_itself_is_looked_at() -> None:
    wrong = Defaults(provider=Provider.GITLAB, fields={"file": ("a/b.yml",), "project": ("{what}/x",)})
    assert {mistake.field for mistake in check_defaults(wrong)} == {"file", "project"}
    assert check_defaults(Defaults()) == []
