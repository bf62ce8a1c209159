"""Pasted text: names, patterns, and what came out of a shell."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.bulk import MOST_ROWS, Sheet, Unit, Wish
from bot.domain.bulk_files import read_pasted
from bot.domain.publishers import Permission, Provider

ID = "eebc175d-4720-4fc8-a31a-6491ca36fb47"


def named(sheet: Sheet) -> list[tuple[int, str]]:
    return [(wish.row, wish.package or str(wish.selection and wish.selection.text)) for wish in sheet.wishes]


def test_names_and_patterns_stand_as_people_write_them() -> None:
    sheet = read_pasted(
        '@acme/ui @acme/core,left-pad\n\n- @acme/a\n* @acme/b\n  "@acme/c",\n`@acme/d`;\n@acme/x-*\n@acme/e  # later\n'
        "!@acme/x-old-* !@acme/b"
    )
    assert named(sheet) == [
        (1, "@acme/ui"),
        (1, "@acme/core"),
        (1, "left-pad"),
        (3, "@acme/a"),
        (5, "@acme/c"),
        (6, "@acme/d"),
        (7, "@acme/x-* !@acme/b !@acme/x-old-*"),
        (8, "@acme/e"),
    ]
    assert (sheet.unit, sheet.faults, sheet.remarks) == (Unit.LINE, (), ())


SHELL = f"""\
# for p in ui core; do npm trust github @acme/$p; done
rita@laptop:~/acme$ npm trust github @acme/ui --file release.yml --repo acme/ui -y && sleep 2
+ npx -y npm@11 trust github @acme/core --file=release.yml --repo acme/core --allow-publish >> log.txt 2>&1
npm notice
sleep 2; npm trust gitlab @acme/lab --file .gitlab-ci.yml --project acme/lab || exit 1
> npm trust github @acme/cut \\
    --file release.yml \\
    --reason "one; two # three" --hold

npm trust list @acme/ui
trust revoke @acme/old --id {ID} --registry https://registry.example.com
/npmtrust replace @acme/new --from-repo acme/old with github --file release.yml
npm trust github @acme/p-* --file release.yml; done
npm trust github @acme/end --file release.yml \\
"""


def test_the_output_of_a_shell_loop_is_read_command_by_command() -> None:
    sheet = read_pasted(SHELL)
    assert not sheet.faults
    ui, core, lab, cut, old, new, pattern, end = sheet.wishes
    assert ui == Wish(
        row=2,
        package="@acme/ui",
        provider=Provider.GITHUB,
        fields={"repo": ("acme/ui",), "file": ("release.yml",)},
        is_whole=True,
    )
    assert (core.row, core.permissions) == (3, (Permission.PUBLISH,))
    assert (lab.row, lab.provider, lab.fields["project"]) == (5, Provider.GITLAB, ("acme/lab",))
    assert (cut.row, cut.fields) == (6, {"file": ("release.yml",)})
    assert (old.row, old.verb, old.configuration_id, old.registry) == (11, "revoke", ID, "https://registry.example.com")
    assert (new.verb, new.from_repository, new.provider) == ("replace", "acme/old", Provider.GITHUB)
    assert pattern.selection is not None
    assert pattern.selection.text == "@acme/p-*"
    assert (end.row, end.package) == (14, "@acme/end")
    assert (sheet.reason, sheet.hold) == ("one; two # three", True)
    assert sheet.remarks == (
        "You wrote --yes: that answers npm's own question, and approval here still stands.",
        "Passed over, since it asks for no change: sleep (2), npm (1), exit (1), list (1), done (1).",
    )


@pytest.mark.parametrize(
    ("line", "column", "begin"),
    [
        ("npm trust github @acme/$p --file release.yml", "", "This is a line with a variable"),
        ("npm trust github ${NAME} --file release.yml", "", "This is a line with a variable"),
        ("npm trust github @acme/ui --otp 123456 --file x.yml", "", "This holds a one-time password or a token."),
        (
            "NPM_TOKEN=npm_abcdefghijklmnopqrstuvwxyz0123 npm trust list",
            "",
            "This holds a one-time password or a token.",
        ),
        ("npm trust github @acme/ui", "file", "GitHub Actions Workflow must be specified"),
        ("npm trust revoke @acme/ui", "id", "ID of the trusted relationship"),
        ("npm trust github @acme/ui --file 'release.yml", "", "A quote was not closed."),
        ("@acme", "package", "This is a scope, not its packages."),
        ("@acme/ui@1.2.3", "package", "Trust is given for a package, not for one version of it."),
        ("=cmd()", "package", "npm has no packages with such a name."),
    ],
)
def test_a_line_that_is_wrong_is_told_with_its_number(line: str, column: str, begin: str) -> None:
    sheet = read_pasted(f"@acme/before\n\n{line}\n@acme/after")
    assert named(sheet) == [(1, "@acme/before"), (4, "@acme/after")]
    fault = sheet.faults[0]
    assert (fault.row, fault.column) == (3, column)
    assert fault.mistake.what.startswith(begin)
    assert not [secret for secret in ("123456", "npm_abc") if secret in sheet.model_dump_json()]


def test_too_many_names_are_refused() -> None:
    sheet = read_pasted(" ".join(f"@acme/p{number}" for number in range(MOST_ROWS + 1)))
    assert [fault.mistake.what for fault in sheet.faults] == ["These are too many at once."]
    assert sheet.wishes == ()


def test_a_pasted_table_is_a_table() -> None:
    assert read_pasted("package\trepo\n@acme/ui\tacme/ui").unit is Unit.ROW
    assert read_pasted("package\n@acme/ui").unit is Unit.ROW
    assert named(read_pasted("package another")) == [(1, "package"), (1, "another")]


_PIECES = st.sampled_from(
    ["npm trust github ", "@acme/ui", " --file release.yml", " && ", ";", "|", "#", "\\\n", "\n", '"', "'", " ",
     "sleep 2", "!", "*", "$p", "--otp 12", "\u2014", "\r", "\u2028", ">", "é"]
)  # fmt: skip


@settings(max_examples=80, deadline=None)
@given(st.one_of(st.text(max_size=80), st.lists(_PIECES, max_size=14).map("".join)))
def test_reading_never_fails_and_every_line_is_in_the_text(text: str) -> None:
    sheet = read_pasted(text)
    last = len(text.splitlines())
    places = [wish.row for wish in sheet.wishes] + [fault.row for fault in sheet.faults if fault.row]
    assert all(0 < row <= max(last, 1) for row in places)
    assert [wish.row for wish in sheet.wishes] == sorted(wish.row for wish in sheet.wishes)
