"""What a workflow refers to, read over a real socket from a simulated GitHub and GitLab."""

import asyncio
import dataclasses
import threading
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

import pytest

from bot.domain.preflight import Look, Place, judge
from bot.domain.publishers import GitHub, GitLab, Provider
from bot.domain.workflow_files import MOST_FILES, Reference, SeenFile, Spot
from bot.domain.workflow_gitlab_includes import list_references
from bot.forge import Forge, client, gitlab
from bot.forge.contents import MOST_LETTERS, MOST_NODES
from bot.forge.exchange import MOST_AT_ONCE
from bot.sandbox.forge_files import CALLED, CALLER, GITLAB_GOOD, GOOD, PREPARE, REUSABLE, REUSING
from tests.forge.conftest import GITHUB, GITLAB, Gate, Outlook, make_forge

pytestmark = pytest.mark.anyio

CI = "acme/ci/.github/workflows/publish.yml@v1"
PRIVATE = "it is private, or not there"
CALLS = "/github/repos/acme/ui/contents/"


async def look(outlook: Outlook, place: Place = GITHUB, forge: Forge | None = None) -> Look:
    return (await (forge or outlook.forge).look(place))[0]


async def read(outlook: Outlook, place: Place = GITHUB, forge: Forge | None = None) -> dict[str, str]:
    """Tell what became of each file."""
    return {_name(file): _fate(file) for file in (await look(outlook, place, forge)).files}


def _name(file: SeenFile) -> str:
    return file.reference.written_from("acme/ui")


def _fate(file: SeenFile) -> str:
    return "missing" if file.is_missing else file.unread or "read"


def calling(*uses: str) -> str:
    jobs = "".join(f"  j{n}: {{uses: '{each}', permissions: {{id-token: write}}}}\n" for n, each in enumerate(uses))
    return f"on: push\njobs:\n{jobs}"


async def test_what_a_workflow_calls_and_its_actions_are_read_level_by_level(outlook: Outlook) -> None:
    outlook.simulated.describe("acme/ui", REUSING)
    seen, until = await outlook.forge.look(GITHUB)
    assert [(_name(file), _fate(file)) for file in seen.files] == [
        (".github/workflows/publish.yml", "read"),
        (".github/actions/prepare", "read"),
    ]
    assert outlook.simulated.questions == [
        f"{CALLS}.github/workflows/release.yml",
        f"{CALLS}.github/workflows/publish.yml",
        f"{CALLS}.github/actions/prepare/action.yml",
    ]
    assert until == outlook.clock.now() + timedelta(hours=1)
    points = judge(GitHub(repository="acme/ui", file="release.yml"), seen, None)
    assert {point.holds.value for point in points} == {"yes"}
    assert Look.model_validate_json(seen.model_dump_json()) == seen


async def test_a_file_elsewhere_is_read_at_its_ref_and_an_action_by_either_name(outlook: Outlook) -> None:
    outlook.simulated.describe("acme/ui", {"release.yml": calling(CI)})
    step = REUSABLE.replace("./.github/actions/prepare", "acme/actions/prepare@v2")
    outlook.simulated.describe("acme/ci", {"publish.yml": "on: push"}, refs={"v1": {"publish.yml": step}})
    outlook.simulated.describe("acme/actions", {}, refs={"v2": {"prepare/action.yaml": PREPARE}})
    assert await read(outlook) == {
        ".github/workflows/publish.yml of acme/ci at v1": "read",
        "prepare of acme/actions at v2": "read",
    }
    assert outlook.simulated.questions[-2:] == [
        "/github/repos/acme/actions/contents/prepare/action.yml",
        "/github/repos/acme/actions/contents/prepare/action.yaml",
    ]
    points = judge(GitHub(repository="acme/ui", file="release.yml"), await look(outlook), None)
    assert "The job j0 (in acme/ci) publishes." in [point.says for point in points]


async def test_pipelines_are_read_with_what_they_include(outlook: Outlook) -> None:
    text = """\
include:
  - ci/a.yml
  - {project: acme/ci, file: [/ci/x.yml, ci/y.yml], ref: v1}
  - {project: acme/later, file: ci/z.yml}
  - remote: http://127.0.0.1:1/hush.yml
  - template: Auto-DevOps.gitlab-ci.yml
"""
    outlook.simulated.describe("acme/web/ui", {".gitlab-ci.yml": text, "ci/a.yml": "include: /ci/b.yml"})
    outlook.simulated.describe("acme/ci", {}, refs={"v1": {"ci/x.yml": "include: ci/y.yml", "ci/y.yml": GITLAB_GOOD}})
    outlook.simulated.describe("acme/later", {"ci/z.yml": "a: b"})
    seen = await look(outlook, GITLAB)
    assert {file.reference.path: _fate(file) for file in seen.files} == {
        "ci/a.yml": "read",
        "ci/x.yml": "read",
        "ci/y.yml": "read",
        "ci/z.yml": "read",
        "ci/b.yml": "missing",
    }
    assert "/gitlab/api/v4/projects/acme%2Fci/repository/files/ci%2Fx.yml/raw" in outlook.simulated.questions
    assert "/gitlab/api/v4/projects/acme%2Fweb%2Fui/repository/files/ci%2Fb.yml/raw" in outlook.simulated.questions
    told = [point.says for point in judge(GitLab(project="acme/web/ui", file=".gitlab-ci.yml"), seen, None)]
    assert "The job in acme/ci publishes." in told
    assert ".gitlab-ci.yml includes /ci/b.yml, which is not there, so GitLab makes no pipeline." in told


@pytest.mark.parametrize(
    ("files", "uses", "fate"),
    [
        ({}, "./.github/workflows/publish.yml", "missing"),
        ({"publish.yml": "jobs: ["}, "./.github/workflows/publish.yml", "it is no valid YAML in line 2"),
        ({"publish.yml": "a: b\n" * 200_000}, "./.github/workflows/publish.yml", "it is larger than any workflow"),
        ({"publish.yml/x": ""}, "./.github/workflows/publish.yml", "it is larger than any workflow"),
        ({}, CI, PRIVATE),
        ({}, "other/ci/.github/workflows/publish.yml@v1", PRIVATE),
        ({}, "moved/ci/.github/workflows/publish.yml@v1", "its repository has another name now"),
    ],
)
async def test_what_cannot_be_read_is_told_with_why(
    outlook: Outlook, files: dict[str, str], uses: str, fate: str
) -> None:
    placed = {f".github/workflows/{name}" if "/" in name else name: text for name, text in files.items()}
    outlook.simulated.describe("acme/ui", {"release.yml": calling(uses), **placed})
    outlook.simulated.describe("acme/ci", {"publish.yml": CALLED})
    outlook.simulated.describe("other/ci", {"publish.yml": CALLED}, private=True)
    outlook.simulated.describe("moved/ci", {}, moved_to="other/public")
    outlook.simulated.describe("other/public", {}, refs={"v1": {"publish.yml": CALLED}})
    assert list((await read(outlook)).values()) == [fate]


async def test_an_action_that_is_not_there_is_no_fault(outlook: Outlook) -> None:
    step = "on: push\njobs: {a: {steps: [{uses: ./made/by/a/step}, {uses: acme/hush@v1}]}}"
    outlook.simulated.describe("acme/ui", {"release.yml": step})
    outlook.simulated.describe("acme/hush", {})
    assert await read(outlook) == {"made/by/a/step": "it is not there", "action.yml of acme/hush at v1": PRIVATE}


async def test_our_token_reads_nothing_of_another_owner_that_is_not_public(outlook: Outlook) -> None:
    there = {"v1": {"publish.yml": CALLED, "ci/p.yml": GITLAB_GOOD}}
    for name in ("other/secret", "acme/secret"):
        outlook.simulated.describe(name, {}, refs=there, private=True, has_key=True)
    outlook.simulated.describe("other/open", {}, refs=there)
    names = ("other/secret", "acme/secret", "other/open", "other/absent")
    outlook.simulated.describe("other/absent", {}, private=True)
    uses = [f"{name}/.github/workflows/publish.yml@v1" for name in names]
    outlook.simulated.describe("acme/ui", {"release.yml": calling(*uses)})
    include = "".join(f"  - {{project: {name}, file: ci/p.yml, ref: v1}}\n" for name in names)
    outlook.simulated.describe("acme/web/ui", {".gitlab-ci.yml": f"include:\n{include}"})
    with_token = outlook.with_tokens()
    for place in (GITHUB, GITLAB):
        fates = {file.reference.repository: _fate(file) for file in (await look(outlook, place, with_token)).files}
        # what the token could see and what is not there are told alike
        assert fates == {"other/secret": PRIVATE, "acme/secret": "read", "other/open": "read", "other/absent": PRIVATE}
    assert not [path for path in outlook.simulated.questions if "other/secret/contents" in path]
    assert not [path for path in outlook.simulated.questions if "other%2Fsecret/repository" in path]
    outlook.simulated.questions.clear()
    fates = {file.reference.repository: _fate(file) for file in (await look(outlook, GITHUB)).files}
    assert fates == {"other/secret": PRIVATE, "acme/secret": PRIVATE, "other/open": "read", "other/absent": PRIVATE}
    assert len(outlook.simulated.questions) == 1 + len(names)  # without a token nobody is asked who may read it
    await with_token.close()


async def test_a_public_project_that_keeps_its_repository_to_its_members_is_not_read(outlook: Outlook) -> None:
    text = "include: {project: other/half, file: ci/p.yml}"
    outlook.simulated.describe("acme/web/ui", {".gitlab-ci.yml": text})
    outlook.simulated.describe("other/half", {"ci/p.yml": GITLAB_GOOD}, for_members=True)
    forge = outlook.with_tokens()
    assert list((await read(outlook, GITLAB, forge)).values()) == [PRIVATE]
    assert not [path for path in outlook.simulated.questions if "other%2Fhalf/repository" in path]
    await forge.close()


@pytest.mark.parametrize("place", [GITHUB, GITLAB])
async def test_half_of_what_a_forge_lets_us_ask_is_left_to_others(outlook: Outlook, place: Place) -> None:
    outlook.simulated.describe("acme/ui", REUSING)
    outlook.simulated.describe("acme/web/ui", {".gitlab-ci.yml": "include: ci/a.yml", "ci/a.yml": "include: ci/b.yml"})
    outlook.simulated.switches.remaining = 31
    seen, until = await outlook.forge.look(place)
    assert seen.found
    title = "GitHub" if place is GITHUB else "GitLab"
    hint = f" (a token in NPMTRUST_{title.upper()}_TOKEN lets me ask more often)"
    # the file itself came with 30 left of 60, and the first that it refers to with 29
    assert [_fate(file) for file in seen.files] == ["read", f"{title} lets me ask little more for now{hint}"]
    assert until == outlook.clock.now() + timedelta(minutes=10)
    elsewhere = GITHUB.model_copy(update={"repository": "acme/other"})
    assert (await look(outlook, elsewhere)).found  # what people ask for is asked
    outlook.simulated.switches.remaining = 60
    assert [_fate(file) for file in (await look(outlook, place)).files][:1] == ["read"]


async def test_of_what_files_refer_to_no_more_is_asked_for_at_a_time_than_leaves_room_for_others(
    outlook: Outlook,
) -> None:
    places = [GITHUB.model_copy(update={"repository": f"acme/p{n}"}) for n in range(4)]
    text = calling(*(f"./.github/workflows/{n}.yml" for n in range(MOST_FILES)))
    for place in places:
        outlook.simulated.describe(place.repository, {f"{n}.yml": CALLED for n in range(20)} | {"release.yml": text})
    gate = Gate(outlook.simulated, r"/\d+\.yml$")
    looking = asyncio.gather(*(look(outlook, place) for place in places))
    await gate.wait_for(MOST_AT_ONCE)
    others = outlook.with_tokens()
    assert (await look(outlook, forge=others)).found  # meanwhile any more would have come
    assert gate.held == MOST_AT_ONCE
    gate.open()
    assert [len(each.files) for each in await looking] == [MOST_FILES] * len(places)
    await others.close()


@pytest.mark.parametrize("status", [500, 401])
async def test_a_file_that_trips_the_forge_up_keeps_nobody_else_from_it(outlook: Outlook, status: int) -> None:
    outlook.simulated.describe("acme/ui", REUSING)
    outlook.simulated.switches.status = status
    outlook.simulated.switches.only_for = "publish.yml"
    assert [_fate(file)[:18] for file in (await look(outlook)).files] == [f"GitHub answered {status}"[:18]]
    elsewhere = GITHUB.model_copy(update={"repository": "acme/other"})
    assert (await look(outlook, elsewhere)).found


async def test_names_are_listed_out_of_the_way_of_others(outlook: Outlook, monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[int] = []

    def noting(document: Mapping[str, Any], here: Spot, home: str) -> Iterable[Reference]:
        threads.append(threading.get_ident())
        return list_references(document, here, home)

    ways = dataclasses.replace(gitlab.WAYS, list_references=noting)
    monkeypatch.setitem(client._WAYS, Provider.GITLAB, ways)  # noqa: SLF001 -- it is the thread that is in question
    names = "".join(f"{n}.yml, " for n in range(40_000))
    outlook.simulated.describe("acme/web/ui", {".gitlab-ci.yml": f"include: [{names}]"})
    assert len((await look(outlook, GITLAB)).files) == MOST_FILES
    assert threads
    assert threading.get_ident() not in threads


async def test_what_does_not_come_in_time_is_a_doubt_for_half_a_minute(outlook: Outlook) -> None:
    outlook.simulated.describe("acme/ui", REUSING)
    outlook.simulated.switches.slow_seconds = 5
    outlook.simulated.switches.only_for = "publish.yml"
    hasty = make_forge(outlook.simulated, outlook.clock, seconds=1)
    seen, until = await hasty.look(GITHUB)
    assert seen.found
    assert [_fate(file) for file in seen.files] == ["GitHub did not answer in time"]
    assert until == outlook.clock.now() + timedelta(seconds=30)
    outlook.simulated.switches.slow_seconds = 0
    assert [_fate(file) for file in (await look(outlook, forge=hasty)).files] == ["read", "read"]
    await hasty.close()


async def test_a_forge_that_has_had_enough_leaves_the_doubt_until_it_says(outlook: Outlook) -> None:
    outlook.simulated.describe("acme/ui", {"release.yml": calling(CI, "other/ci/.github/workflows/a.yml@v1")})
    outlook.simulated.switches.rate_limited = True
    outlook.simulated.switches.only_for = "/ci"
    forge = outlook.with_tokens()
    seen, until = await forge.look(GITHUB)
    assert seen.found
    assert [_fate(file) for file in seen.files] == ["GitHub lets me ask no more for now"] * 2
    assert until == outlook.clock.now() + timedelta(minutes=10)
    await forge.close()


async def test_a_level_is_asked_for_at_once_and_no_more_than_twenty_files(outlook: Outlook) -> None:
    names = [f"{n}.yml" for n in range(25)]
    text = calling(*(f"./.github/workflows/{name}" for name in names))
    outlook.simulated.describe("acme/ui", {"release.yml": text, **dict.fromkeys(names, CALLED)})
    gate = Gate(outlook.simulated, r"/\d+\.yml$")
    looking = asyncio.create_task(look(outlook))
    await gate.wait_for(MOST_FILES)
    gate.open()
    seen = await looking
    assert [_fate(file) for file in seen.files] == ["read"] * MOST_FILES
    assert len(outlook.simulated.questions) == 1 + MOST_FILES


async def test_files_in_a_circle_are_read_once(outlook: Outlook) -> None:
    circle = calling("./.github/workflows/publish.yml").replace("push", "workflow_call")
    outlook.simulated.describe("acme/ui", {"release.yml": CALLER, "publish.yml": circle})
    assert await read(outlook) == {".github/workflows/publish.yml": "read"}
    assert len(outlook.simulated.questions) == 2


async def test_all_files_together_take_up_no_more_than_one_may(outlook: Outlook) -> None:
    names = [f"{n}.yml" for n in range(5)]
    text = calling(*(f"./.github/workflows/{name}" for name in names))
    long = f"{CALLED}# {'x' * 10}\nenv: {{A: '{'x' * 200_000}'}}\n"
    outlook.simulated.describe("acme/ui", {"release.yml": text, **dict.fromkeys(names, long)})
    fates = list((await read(outlook)).values())
    assert sorted(fates) == ["it is larger than any workflow"] * 3 + ["read"] * 2
    repeated = f"a: &a {'x' * 100_000}\nb: [{', '.join(['*a'] * 1000)}]\n"  # 100 MB, once it is written out
    outlook.simulated.describe("acme/ui", {"release.yml": repeated})
    assert (await look(outlook)).broken == "it is larger than any workflow"
    assert MOST_NODES * MOST_FILES > MOST_LETTERS


async def test_under_another_name_nothing_is_read_any_further(outlook: Outlook) -> None:
    outlook.simulated.describe("Acme/UI", REUSING)
    seen = await look(outlook)
    assert (seen.known_as, seen.files) == ("Acme/UI", ())
    outlook.simulated.describe("acme/ui", {"release.yml": GOOD})
    assert (await look(outlook)).files == ()
