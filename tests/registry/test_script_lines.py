"""The real npm, given the words of a script's lines, asks its registry for exactly what was approved."""

import json
import shlex
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.domain.npm_line import npm_line
from bot.domain.operations import Create, Operation, Revoke, body_of
from bot.domain.packages import PackageName, escape_package
from bot.domain.publishers import CircleCI, Configuration, GitHub, GitLab, Permission
from tests.registry.real_npm import RealNpm
from tests.registry.recorder import Recorder, answer_json

pytestmark = pytest.mark.anyio

UUIDS = [f"0000000{number}-4720-4fc8-a31a-6491ca36fb47" for number in range(5)]
CREATES = [
    Create(
        package=PackageName("@acme/ui"),
        publisher=GitHub(repository="acme/ui", file="release.yml", environment="$(id) 'x' \"y\" \\"),
        permissions=(Permission.PUBLISH, Permission.STAGE),
    ),
    Create(
        package=PackageName("Old~it's!"),
        publisher=GitLab(project="a/b/c", file=".gitlab-ci.yml", environment="$HOME ~ %x #1 true"),
        permissions=(Permission.STAGE,),
    ),
    Create(
        package=PackageName("@acme/ui"),
        publisher=CircleCI(
            org_id=UUIDS[0],
            project_id=UUIDS[1],
            pipeline_definition_id=UUIDS[2],
            vcs_origin="github.com/acme/ui",
            context_ids=(UUIDS[3], UUIDS[4]),
        ),
        permissions=(Permission.PUBLISH,),
    ),
]


@pytest.fixture
async def recorder() -> AsyncIterator[Recorder]:
    recorder = Recorder()
    await recorder.start()
    yield recorder
    await recorder.stop()


async def test_npm_sends_what_was_approved(recorder: Recorder, tmp_path: Path) -> None:
    npm = RealNpm(tmp_path, registry=recorder.url, session="npm_session")
    revoke = Revoke(package=PackageName("@acme/ui"), configuration=Configuration(id="a b/c", type="github"))
    operations: list[Operation] = [*CREATES, revoke]
    for operation in operations:
        recorder.will_answer(answer_json([], cache_control="no-store"))
        told = await npm.run(shlex.split(npm_line(operation, registry=f"{recorder.url}/"))[1:])
        assert not told.failed, told
        [seen] = recorder.seen
        base = f"/-/package/{escape_package(operation.package)}/trust"
        if isinstance(operation, Create):
            assert (seen.method, seen.path) == ("POST", base)
            assert json.loads(seen.body) == body_of(operation.publisher, operation.permissions)
        else:
            assert (seen.method, seen.path) == ("DELETE", f"{base}/a%20b%2Fc")
    await npm.stop()
