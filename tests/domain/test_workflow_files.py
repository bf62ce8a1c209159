"""Names of files from outside: which become an address, and which never do."""

import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.preflight import Look, judge
from bot.domain.publishers import GitHub, GitLab, Publisher
from bot.domain.workflow_files import Part, Reference, SeenFile, Spot, list_references, refer_action, refer_workflow
from bot.domain.workflow_gitlab_includes import list_includes
from bot.domain.workflow_gitlab_includes import list_references as list_included
from bot.forge.documents import read_document
from tests.domain.test_preflight_gitlab import TEXTS, TREES

HOME = "acme/ui"
UI = GitHub(repository=HOME, file="release.yml")
WEB = GitLab(project=HOME, file=".gitlab-ci.yml")


def written(reference: Reference | None) -> str | None:
    return f"{reference.repository} {reference.path} {reference.ref}".strip() if reference else None


@pytest.mark.parametrize(
    ("uses", "read"),
    [
        ("./.github/workflows/publish.yml", "acme/ui .github/workflows/publish.yml"),
        ("acme/.github/.github/workflows/npm.yaml@v1.2", "acme/.github .github/workflows/npm.yaml v1.2"),
        ("acme/ci/.github/workflows/a.yml@feature/x+y", "acme/ci .github/workflows/a.yml feature/x+y"),
        # not where GitHub keeps workflows, or none
        ("./publish.yml", None),
        ("./.github/workflows/deep/publish.yml", None),
        ("./.github/workflows/publish.json", None),
        ("acme/ci/.github/workflows/publish.yml", None),
        ("acme/ci@v1", None),
        ("", None),
        (None, None),
        (["./.github/workflows/publish.yml"], None),
        # what would lead elsewhere
        ("./.github/workflows/../publish.yml", None),
        ("../acme/.github/workflows/publish.yml@v1", None),
        ("./../other/.github/workflows/publish.yml", None),
        ("acme/../.github/workflows/publish.yml@v1", None),
        ("acme/ci/.github/workflows/a.yml@../../../user", None),
        ("acme/ci/.github/workflows/a.yml@v1?x=y&ref=z", None),
        ("acme/ci/.github/workflows/a.yml@-v1", None),
        ("acme/ci/.github/workflows/a.yml@v1\n", None),
        ("acme/ci/.github/workflows/a.yml@" + "v" * 300, None),
        ("./.github/workflows/a\x00.yml", None),
        ("./.github/workflows/a\\..\\b.yml", None),
        ("./.github/workflows/" + "a" * 400 + ".yml", None),
        ("https://example.com/.github/workflows/a.yml@v1", None),
        ("acme%2Fci/x/.github/workflows/a.yml@v1", None),
        ("//example.com/.github/workflows/a.yml@v1", None),
        ("äcme/ci/.github/workflows/a.yml@v1", None),
    ],
)
def test_a_called_workflow_is_read_from_its_name_alone(uses: object, read: str | None) -> None:
    assert written(refer_workflow(uses, Spot(HOME))) == read


@pytest.mark.parametrize(
    ("uses", "read"),
    [
        ("./", "acme/ui"),
        ("./.github/actions/ship/", "acme/ui .github/actions/ship"),
        ("acme/ship@v1", "acme/ship  v1"),
        ("Acme/actions/npm/ship@v1", "Acme/actions npm/ship v1"),
        ("./../ship", None),
        ("./ship/..", None),
        ("acme/ship", None),
        ("acme@v1", None),
        ("acme/ship/../x@v1", None),
        ("other/ship@v1", None),  # of strangers, and programs that are known
        ("actions/checkout@v5", None),
        ("docker://node:24", None),
        (3, None),
    ],
)
def test_an_action_is_read_where_it_is_the_owners_own(uses: object, read: str | None) -> None:
    assert written(refer_action(uses, HOME)) == read


@pytest.mark.parametrize(
    ("include", "read"),
    [
        ("/ci/a.yml", "acme/ui ci/a.yml"),
        ("./ci/a.yml", "acme/ui ci/a.yml"),
        ({"project": "acme/deep/er/ci", "file": "a.yml", "ref": "v1"}, "acme/deep/er/ci a.yml v1"),
        ("a.json", None),
        ("../a.yml", None),
        ("/../a.yml", None),
        ("//a.yml", None),
        ("a\r\n.yml", None),
        ("http://127.0.0.1/a.yml", None),
        ({"project": "ci", "file": "a.yml"}, None),
        ({"project": "acme/../ci", "file": "a.yml"}, None),
        ({"project": "https://example.com/ci", "file": "a.yml"}, None),
        ({"project": "acme/ci?x", "file": "a.yml"}, None),
        ({"project": "acme/ci", "file": "a.yml", "ref": "v1..v2"}, None),
    ],
)
def test_an_included_file_is_read_where_it_is_gitlabs_own(include: object, read: str | None) -> None:
    [found] = list_includes({"include": include}, Spot(HOME))
    assert written(found.reference) == read
    assert [written(each) for each in list_included({"include": include}, Spot(HOME), HOME)] == ([read] if read else [])


def test_called_workflows_are_listed_before_the_actions_of_steps() -> None:
    steps: list[object] = [{"uses": "./ship"}, {"run": "npm test"}, "text", {"uses": "actions/checkout@v5"}]
    job = {"a": {"steps": steps}, "b": {"uses": "./.github/workflows/b.yml"}, "c": "text", "d": {"steps": "text"}}
    listed = list_references({"jobs": job}, Spot("acme/ci", "v1"), HOME)
    assert [written(each) for each in listed] == ["acme/ci .github/workflows/b.yml v1", "acme/ui ship"]
    listed = list_references({"runs": {"using": "composite", "steps": steps}}, Spot(HOME), HOME)
    assert [written(each) for each in listed] == ["acme/ui ship"]


def _many(text: str, count: int = 3000) -> str:
    return ", ".join(text.format(n) for n in range(count))


NAMES = f"{{{_many('i{}: ', 24_000)}}}"
SHORT = "a;" * 40_000
LABELS = f"[{_many('a', 30_000)}]"
JOBS_OF_GITLAB = "".join(f"j{n}: {{script: [npm publish]}}\n" for n in range(3000))


@pytest.mark.parametrize(
    ("publisher", "text", "other"),
    [
        # thousands of inputs, declared by what is called thousands of times
        (
            UI,
            f"on: push\njobs: {{{_many('j{}: {{uses: ./.github/workflows/a.yml}}')}}}",
            f"on: {{workflow_call: {{inputs: {NAMES}}}}}\njobs: {{}}",
        ),
        (
            UI,
            f"on: push\njobs: {{a: {{steps: [{_many('{{uses: ./a}}')}]}}}}",
            f"inputs: {NAMES}\nruns: {{using: composite, steps: [{{run: ls}}]}}",
        ),
        (WEB, f"include: [{_many('{{local: a.yml}}', 140)}]", f"spec: {{inputs: {NAMES}}}\n---\na: b"),
        # a project of any size, for thousands of files
        (WEB, f"include: {{project: {{{_many('k{}: v', 6000)}}}, file: [{_many('a.yml', 6000)}]}}", ""),
        (WEB, f"include: {{project: {'x' * 200_000}, file: [{_many('a.yml', 20_000)}]}}", ""),
        # many commands, and labels, that many jobs share
        (WEB, f"default: {{before_script: ['{SHORT}']}}\n{JOBS_OF_GITLAB}", ""),
        (WEB, f"default: {{tags: {LABELS}}}\n{JOBS_OF_GITLAB}", ""),
        (
            UI,
            f"on: push\njobs: {{{_many('j{}: {{steps: [{{uses: ./a}}]}}', 400)}}}",
            f"runs: {{using: composite, steps: [{{run: '{SHORT}'}}]}}",
        ),
    ],
)
def test_what_is_written_to_take_long_is_judged_soon(publisher: Publisher, text: str, other: str) -> None:
    document = read_document(text)
    files: tuple[SeenFile, ...] = ()
    if other:
        part = Part.INCLUDE if publisher is WEB else Part.ACTION if "composite" in other else Part.WORKFLOW
        path = {Part.INCLUDE: "a.yml", Part.ACTION: "a", Part.WORKFLOW: ".github/workflows/a.yml"}[part]
        files = (SeenFile(reference=Reference(part=part, repository=HOME, path=path), document=read_document(other)),)
    calls = 0

    def count(_frame: object, event: str, _what: object) -> None:
        nonlocal calls
        calls += event in {"call", "c_call"}

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        points = judge(publisher, Look(found=True, document=document, files=files), None)
    finally:
        sys.setprofile(before)
    assert points
    assert calls < 3_000_000  # half a second's


USES = st.sampled_from(
    ["./a", "acme/b@v1", "./.github/workflows/c.yml", "acme/ci/.github/workflows/c.yml@v1", "c.yml", "/d.yml", "x"]
)
JOBS = st.dictionaries(
    TEXTS,
    st.fixed_dictionaries(
        {}, optional={"uses": USES, "steps": st.lists(st.fixed_dictionaries({"uses": USES})), "with": TREES}
    )
    | TREES,
    max_size=3,
)
RUNS = st.fixed_dictionaries({"using": st.just("composite"), "steps": st.lists(st.fixed_dictionaries({"uses": USES}))})
DOCUMENTS = st.dictionaries(TEXTS, TREES, max_size=3) | st.fixed_dictionaries(
    {},
    optional={
        "on": st.just("workflow_call") | st.fixed_dictionaries({"workflow_call": TREES}),
        "jobs": JOBS,
        "runs": RUNS | TREES,
        "include": USES | st.lists(USES) | TREES,
        "spec": TREES,
    },
)


@given(DOCUMENTS, st.lists(DOCUMENTS, max_size=4), st.sampled_from([UI, WEB]), st.booleans())
def test_no_documents_together_trip_the_judgement_up(
    document: dict[str, Any],
    others: list[dict[str, Any]],
    publisher: Publisher,
    is_missing: bool,  # noqa: FBT001
) -> None:
    spot = Spot(HOME)
    wanted = [*list_references(document, spot, HOME), *list_included(document, spot, HOME)]
    for other in others:
        wanted += [*list_references(other, spot, HOME), *list_included(other, spot, HOME)]
    files = [SeenFile(reference=one, document=other) for one, other in zip(dict.fromkeys(wanted), others, strict=False)]
    if is_missing and files:
        files[0] = SeenFile(reference=files[0].reference, is_missing=True)
    look = Look(found=True, document=document, files=tuple(files))
    points = judge(publisher, Look.model_validate_json(look.model_dump_json()), None)
    assert all(point.says for point in points)
