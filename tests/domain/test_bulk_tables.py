"""CSV and JSON for many packages: what is read, and what is wrong, with its row and column."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.bulk import MOST_BYTES, MOST_ROWS, Fault, Sheet, Unit, Wish
from bot.domain.bulk_files import read_pasted, read_upload
from bot.domain.coverage import write_csv
from bot.domain.patterns import PackagePattern, Selection
from bot.domain.publishers import Permission, Provider

PUBLISH, STAGE = Permission.PUBLISH, Permission.STAGE


def csv(*lines: str, name: str = "packages.csv") -> Sheet:
    return read_upload(name, "\n".join(lines).encode())


def places(sheet: Sheet) -> list[tuple[int, str]]:
    return [(fault.row, fault.column) for fault in sheet.faults]


def what(fault: Fault) -> str:
    return f"{fault.mistake.what} {fault.mistake.suggestion}".strip()


def test_a_row_says_what_is_asked_for_a_package() -> None:
    sheet = csv(
        "package,provider,repository,file,environment,permissions",
        "@acme/ui,GitHub Actions,acme/ui,release.yml,prod,publish",
        "@acme/core,gitlab,acme/core,.gitlab-ci.yml,,allow-stage-publish createPackage",
        "left-pad,,,,,",
    )
    first, second, third = sheet.wishes
    assert first == Wish(
        row=2,
        package="@acme/ui",
        provider=Provider.GITHUB,
        fields={"repository": ("acme/ui",), "file": ("release.yml",), "environment": ("prod",)},
        permissions=(PUBLISH,),
    )
    assert (second.provider, second.permissions) == (Provider.GITLAB, (PUBLISH, STAGE))
    assert third == Wish(row=4, package="left-pad")
    assert (sheet.unit, sheet.faults, sheet.remarks) == (Unit.ROW, (), ())


AS_PEOPLE_SAVE_IT = (
    b"\xef\xbb\xbfpackage,repo\r\n@acme/ui,acme/ui\r\n",  # a mark, and Windows' line ends
    b"package;repo\n@acme/ui;acme/ui\n",
    b"package\trepo\n@acme/ui\tacme/ui\n",
    b"sep=;\r\npackage;repo\r\n@acme/ui;acme/ui\r\n",  # Excel's own first line
    "package,repo\n@acme/ui,acme/ui\n".encode("utf-16"),  # Excel's "Unicode text"
    b'"package","repo"\n"@acme/ui","acme/ui"\n',
    b"repo,package\nacme/ui,@acme/ui\n",  # any order
    b" PACKAGE , Project \n  @acme/ui ,\xc2\xa0acme/ui\xe2\x80\x8b\n",  # spaces of all kinds
    b"package,repo\n'@acme/ui,acme/ui\n",  # as our own files keep it from being a formula
    b'package,repo,notes\n@acme/ui,acme/ui,"two\nlines"\n',
)


@pytest.mark.parametrize("content", AS_PEOPLE_SAVE_IT)
def test_a_table_is_read_however_it_was_saved(content: bytes) -> None:
    (wish,) = read_upload("Packages.CSV", content).wishes
    assert (wish.package, wish.fields) == ("@acme/ui", {"repository": ("acme/ui",)})


def test_rows_are_numbered_as_a_spreadsheet_does() -> None:
    sheet = csv("", "package,file,notes", '@acme/a,a.yml,"over', 'lines"', "", ",b.yml,", "@acme/c,c.yml,", "!,,")
    assert [wish.row for wish in sheet.wishes] == [3, 6]
    assert places(sheet) == [(5, "package"), (7, "package")]
    assert csv("sep=,", "package", "@acme/a").wishes[0].row == 3


FAULTS = (
    # what stands there, the place of the fault, how it begins, what was meant
    ("=cmd()|' /C calc'!A0", "package", "npm has no packages with such a name.", ""),
    ("@acme/ui@2", "package", "Trust is given for a package, not for one version of it.", "@acme/ui"),
    ("!@acme/*", "package", "This says only what to leave out.", ""),
    (",github", "package", "Package name must be specified.", ""),
    ("@acme/ui,gitbub", "provider", "There is no such provider.", "github"),
    ("@acme/ui,,,pubish", "permissions", "There is no such permission.", "publish"),
    ("@acme/ui,,npm_abcdefghijklmnopqrstuvwxyz0123", "repository", "This holds a one-time password or a token.", ""),
    ("@acme/ui,,--otp=123456", "repository", "This holds a one-time password or a token.", ""),
    (f"@acme/ui,,{'x' * 501}", "repository", "This is too long.", ""),
    ("@acme/ui,,,,more", "", "This row has more cells than the header has columns.", ""),
    ('@acme/ui,"acme', "", "This row cannot be read, nor what follows it", ""),
)


@pytest.mark.parametrize(("row", "column", "begin", "near"), FAULTS)
def test_a_fault_is_told_with_its_place(row: str, column: str, begin: str, near: str) -> None:
    sheet = csv("package,provider,repository,permissions", "@acme/fine", row)
    (fault,) = sheet.faults
    assert (fault.row, fault.column, fault.mistake.suggestion) == (3, column, near)
    assert fault.mistake.what.startswith(begin)
    assert fault.mistake.expected
    assert "npm_abc" not in sheet.model_dump_json()
    assert [wish.row for wish in sheet.wishes] == [2]


HEADERS = (
    ("@acme/ui,acme/ui", [(1, "")], "The first row has to name the columns, and one of them is package."),
    ("package,enviroment", [(1, "enviroment")], "There is no such column. environment"),
    ("package,repo,repository", [(1, "repository")], "Two columns say the same."),
    ("package,npm_abcdefghijklmnopqrstuvwxyz0123", [(1, "")], "This holds a one-time password or a token."),
    ('package,"file', [(1, "")], "This row cannot be read, nor what follows it"),
)


@pytest.mark.parametrize(("header", "at", "begin"), HEADERS)
def test_a_header_that_is_nearly_right_is_a_fault(header: str, at: list[tuple[int, str]], begin: str) -> None:
    sheet = csv(header, "@acme/ui,x,y")
    assert (places(sheet), sheet.wishes) == (at, ())
    assert what(sheet.faults[0]).startswith(begin)


def test_columns_that_mean_nothing_here_are_named() -> None:
    sheet = csv("package,notes,owner,", "@acme/ui,a,b,c")
    assert sheet.remarks == ("Not read, since I know no such column: notes, owner.",)
    assert not sheet.faults


def test_what_circleci_needs_has_columns_too() -> None:
    sheet = csv("package,provider,org-id,context_id", "@acme/ui,CircleCI,550e8400,a b;c")
    assert sheet.wishes[0].fields == {"org-id": ("550e8400",), "context-id": ("a", "b", "c")}


def test_a_pattern_can_stand_for_packages() -> None:
    assert csv("package", "@acme/*").wishes[0].selection == Selection(patterns=(PackagePattern(text="@acme/*"),))


@pytest.mark.parametrize(
    ("content", "begin"),
    [
        (b"", "This file is empty."),
        (b"\xef\xbb\xbf", "No row"),
        ("package,file\n@acme/ü,é.yml".encode("latin-1"), "This file is not in UTF-8"),
        (b"\xff\xfep", "This file is not in UTF-8"),
        (b"package\n" + b"x\n" * (MOST_ROWS + 1), "These are too many at once."),
        (b"x" * (MOST_BYTES + 1), "This file is too large."),
    ],
)
def test_what_cannot_be_read_at_all_is_refused_with_the_way_out(content: bytes, begin: str) -> None:
    sheet = read_upload("packages.csv", content)
    assert sheet.wishes == ()
    (fault,) = sheet.faults
    assert fault.mistake.what.startswith(begin) or (begin == "No row" and "The first row" in fault.mistake.what)
    assert fault.mistake.expected


def test_a_list_of_objects_says_the_same_as_a_table() -> None:
    items = [
        {"package": "@acme/ui", "repo": "acme/ui", "permissions": ["publish", "stage"], "environment": None, "x": 1},
        "@acme/core",
        3,
        {"package": 3},
        {"name": "@acme/ui", "enviroment": "prod"},
        {"package": "@acme/ui", "file": {"a": 1}},
        {"pakage": "@acme/ui"},
        {"file": "release.yml"},
    ]
    sheet = read_pasted(json.dumps(items))
    first, second = sheet.wishes
    assert (first.row, first.fields, first.permissions) == (1, {"repository": ("acme/ui",)}, (PUBLISH, STAGE))
    assert (second.row, second.package) == (2, "@acme/core")
    assert places(sheet) == [(3, ""), (4, "package"), (5, "enviroment"), (6, "file"), (7, ""), (8, "")]
    assert what(sheet.faults[-2]) == "This object names no package. package"
    assert what(sheet.faults[-1]) == "This object names no package."
    assert (sheet.unit, sheet.remarks) == (Unit.ITEM, ("Not read, since I know no such column: x.",))


@pytest.mark.parametrize(
    ("text", "begin"),
    [
        ('{"package": "@acme/ui"}', "This JSON is no list."),
        ('[{"package": "@acme/ui",}]', "This is no JSON."),
        ('["' + "x", "This is no JSON."),
        ('[{"package": "@acme/ui", "package": "@acme/core"}]', "An object names something twice."),
        ("[" * 100_000 + '"', "This is no JSON."),
        (json.dumps(["@acme/ui"] * (MOST_ROWS + 1)), "These are too many at once."),
    ],
)
def test_json_that_is_no_list_of_objects_is_refused(text: str, begin: str) -> None:
    (fault,) = read_upload("packages.json", text.encode()).faults
    assert fault.mistake.what == begin


_CELLS = st.text(alphabet="abcXYZ019@/.-_=+;,\"'\t\n é", max_size=12)
_NAMES = st.from_regex(r"@[a-z0-9]{1,8}/[a-z0-9._-]{1,12}", fullmatch=True).filter(lambda name: "/." not in name)
_REPOSITORIES = st.one_of(st.just(""), st.from_regex(r"[=+@-]?[a-z]{1,6}[;,\t\n\"' ]?[a-z]{1,6}", fullmatch=True))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(_NAMES, _REPOSITORIES, st.sampled_from(["", "publish", "publish stage"])), max_size=8))
def test_what_our_own_csv_says_is_read_again(rows: list[tuple[str, str, str]]) -> None:
    written = write_csv([("package", "repository", "permissions"), *rows])
    sheet = read_upload("x.csv", b"\xef\xbb\xbf" + written.encode())
    assert not sheet.faults
    assert [(wish.row, wish.package, wish.fields.get("repository", ("",))[0]) for wish in sheet.wishes] == [
        (row, name, repository.strip()) for row, (name, repository, _) in enumerate(rows, 2)
    ]


@settings(max_examples=80, deadline=None)
@given(
    st.sampled_from(["a.csv", "a.json", "a.txt", ""]),
    st.one_of(
        st.binary(max_size=80),
        st.lists(st.lists(_CELLS, max_size=4).map(",".join), max_size=5).map(lambda rows: "\n".join(rows).encode()),
        st.lists(_CELLS, max_size=6).map(lambda rows: "package,file\n" + "\n".join(rows)).map(str.encode),
        st.recursive(st.none() | st.text(max_size=5) | st.integers(), st.lists, max_leaves=5).map(
            lambda found: json.dumps(found).encode()
        ),
    ),
)
def test_reading_never_fails_and_every_place_is_in_the_source(name: str, content: bytes) -> None:
    sheet = read_upload(name, content)
    lines = len(content.splitlines()) + content.count(b"\r") + content.count(b"\x00") + content.count(b",") + 1
    assert all(0 <= fault.row <= lines for fault in sheet.faults)
    assert all(0 < wish.row <= lines for wish in sheet.wishes)
    assert [wish.row for wish in sheet.wishes] == sorted(wish.row for wish in sheet.wishes)
