"""The real npm against the simulated registry: what npm takes and prints proves that the registry is like its own.

Each call costs half a second of a processor, so there are no more of them than there are things to prove.
"""

import asyncio
import json
import os
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from bot.sandbox.cast import SeedPackage
from bot.sandbox.registry import SimulatedRegistry
from bot.sandbox.registry_oidc import write_id_token
from bot.sandbox.registry_switches import Challenge, Fault, When, Windows
from tests.patience import PATIENCE
from tests.sandbox.registry_world import RegistryWorld, github

pytestmark = pytest.mark.anyio

PUBLISHER = ("--repo", "acme/ui", "--file", "release.yml", "--allow-publish", "-y")
GITHUB = ("trust", "github", "@acme/ui", *PUBLISHER)
AT_ONCE = 2
"""So many npms at the same time."""
LINK = re.compile(r"http://\S+/cli/[0-9a-f-]{36}")


@dataclass(frozen=True, slots=True)
class Npm:
    """npm in an empty folder, with a configuration and a cache of its own."""

    registry: SimulatedRegistry
    folder: Path
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        return {
            "PATH": str(Path(self.program).parent) + ":/usr/bin:/bin",
            "HOME": str(self.folder),
            "npm_config_registry": self.registry.url,
            "npm_config_userconfig": str(self.folder / "npmrc"),
            "npm_config_globalconfig": str(self.folder / "no-such-npmrc"),
            "npm_config_cache": str(self.folder / "cache"),
            "npm_config_update_notifier": "false",
            "npm_config_browser": "false",
            "npm_config_fetch_retry_mintimeout": "1",
            "NO_COLOR": "1",
            "NO_PROXY": "127.0.0.1",
            **self.variables,
        }

    @property
    def program(self) -> str:
        found = shutil.which("npm")
        assert found, "npm must be installed"
        return found

    def use_session(self, npm_user: str, *, remember: bool = False, granular: bool = False) -> str:
        """Write a session as `npm login` would have; `remember` has the window open already."""
        token = self.registry.open_session(npm_user, granular=granular)
        (self.folder / "npmrc").write_text(f"//{urlsplit(self.registry.url).netloc}/:_authToken={token}\n")
        if remember:
            self.registry.open_window(token)
        return token

    async def run(self, *arguments: str) -> tuple[int, str, str]:
        process = await asyncio.create_subprocess_exec(
            self.program,
            *arguments,
            cwd=self.folder,
            env=self.environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        output, errors = await process.communicate()
        return await process.wait(), output.decode(), errors.decode()

    async def run_all(self, *commands: tuple[str, ...]) -> list[tuple[int, str, str]]:
        """Run some side by side; tell of each in the order of the commands."""
        turn = asyncio.Semaphore(AT_ONCE)

        async def run(command: tuple[str, ...]) -> tuple[int, str, str]:
            async with turn:
                return await self.run(*command)

        return list(await asyncio.gather(*map(run, commands)))

    async def run_in_terminal(self, *arguments: str, at_link: Callable[[str], None]) -> tuple[int, str]:
        """Run npm under a pseudo-terminal and hand over the first link to the site that it prints."""
        terminal, end_of_npm = os.openpty()
        process = await asyncio.create_subprocess_exec(
            self.program,
            *arguments,
            cwd=self.folder,
            env=self.environment,
            stdin=end_of_npm,
            stdout=end_of_npm,
            stderr=end_of_npm,
        )
        os.close(end_of_npm)
        output, is_handed_over = "", False
        async with asyncio.timeout(PATIENCE):
            while chunk := await asyncio.to_thread(read_terminal, terminal):
                output += chunk.decode()
                link = LINK.search(output)
                if link and not is_handed_over:
                    at_link(link[0])
                    is_handed_over = True
            os.close(terminal)
            return await process.wait(), output


def read_terminal(terminal: int) -> bytes:
    """Read what comes; nothing when the other end is closed, which Linux tells as an error."""
    try:
        return os.read(terminal, 4096)
    except OSError:
        return b""


@pytest.fixture
def npm(world: RegistryWorld, tmp_path: Path) -> Npm:
    return Npm(world.registry, tmp_path)


async def test_npm_knows_who_it_is(npm: Npm) -> None:
    npm.use_session("otto-npm")
    assert await npm.run("whoami") == (0, "otto-npm\n", "")


async def test_npm_logs_in_through_the_site(npm: Npm) -> None:
    def log_in(link: str) -> None:
        assert npm.registry.log_in(link, "olga-npm").accepted

    assert (await npm.run_in_terminal("login", at_link=log_in))[0] == 0
    [token] = re.findall(r"_authToken=(\S+)", (npm.folder / "npmrc").read_text())
    assert npm.registry.state.sessions[token].npm_user == "olga-npm"
    assert (await npm.run("logout"))[0] == 0
    assert token not in npm.registry.state.sessions


async def test_npm_creates_after_a_confirmation_in_the_terminal(npm: Npm) -> None:
    npm.use_session("otto-npm")

    def confirm(link: str) -> None:
        assert npm.registry.confirm(link, "otto-npm").accepted

    status, output = await npm.run_in_terminal(*GITHUB, at_link=confirm)
    assert status == 0
    [created] = npm.registry.configurations("@acme/ui")
    assert created["claims"] == github()["claims"]
    assert f"id: {created['id']}" in output
    assert len(npm.registry.accepted_creates) == 1


async def test_npm_shows_the_challenge_to_a_program(npm: Npm) -> None:
    npm.use_session("otto-npm")
    status, output, _ = await npm.run(*GITHUB, "--json")
    error = json.loads(output[output.index('{\n  "error"') :])["error"]
    assert (status, error["code"]) == (1, "EOTP")
    assert error["authUrl"].startswith(f"{npm.registry.url}/auth/cli/")


async def test_npm_lists_and_revokes_in_an_open_window(npm: Npm) -> None:
    npm.use_session("otto-npm", remember=True)
    created = npm.registry.add_configuration("@acme/ui", "github", github()["claims"])
    status, output, _ = await npm.run("trust", "list", "@acme/ui")
    assert status == 0
    for line in (f"id: {created}", "repository: acme/ui", "file: release.yml", "permissions: publish, stage publish"):
        assert line in output
    assert (await npm.run("trust", "revoke", "@acme/ui", "--id", created))[0] == 0
    assert npm.registry.configurations("@acme/ui") == []
    status, _, errors = await npm.run("trust", "revoke", "@acme/ui", "--id", created)
    assert (status, "E404" in errors) == (1, True)


async def test_npm_sends_bodies_of_every_provider_that_are_taken(npm: Npm) -> None:
    npm.use_session("otto-npm", remember=True)
    uuid = "550e8400-e29b-41d4-a716-446655440000"
    gitlab = ("--project", "acme/web/ui", "--file", ".gitlab-ci.yml")
    circleci = ("--org-id", uuid, "--project-id", uuid, "--pipeline-definition-id", uuid)
    both = await asyncio.gather(
        npm.run("trust", "gitlab", "@acme/ui", *gitlab, "--allow-stage-publish", "-y"),
        npm.run("trust", "circleci", "@acme/ui", *circleci, "--vcs-origin", "github.com/a/b", "--allow-publish", "-y"),
    )
    assert [status for status, _, _ in both] == [0, 0]
    assert {item["type"] for item in npm.registry.configurations("@acme/ui")} == {"gitlab", "circleci"}


async def test_npm_reports_refusals(npm: Npm) -> None:
    npm.use_session("otto-npm", remember=True)
    npm.registry.add_configuration("@acme/ui", "github", github()["claims"])
    elsewhere = ("trust", "list", "rita-tools")
    conflict, forbidden = await asyncio.gather(npm.run(*GITHUB), npm.run(*elsewhere))
    assert (conflict[0], "E409" in conflict[2]) == (1, True)
    assert (forbidden[0], "E403" in forbidden[2]) == (1, True)
    npm.use_session("otto-npm", granular=True)
    status, _, errors = await npm.run(*GITHUB)
    assert (status, "E401" in errors) == (1, True)


async def test_npm_reads_the_packument(npm: Npm) -> None:
    status, output, _ = await npm.run("view", "@acme/core", "versions", "maintainers", "--json")
    assert status == 0
    assert json.loads(output) == {"versions": ["1.0.0", "1.1.0"], "maintainers": ["otto-npm <otto@acme.example>"]}


async def test_npm_lists_who_may_do_what(npm: Npm) -> None:
    npm.use_session("rita-npm")
    npm.registry.add_team("acme", "design", ("rita-npm", "zoe-npm"), {"@acme/icons": "write", "@acme/core": "read"})
    answers = await npm.run_all(
        ("access", "list", "packages", "@acme:design", "--json"),
        ("access", "list", "packages", "olga-npm", "--json"),  # no organisation has that name, so npm asks for a user
        ("access", "list", "collaborators", "@acme/icons", "--json"),
        ("org", "ls", "acme", "--json"),
    )
    assert [status for status, _, _ in answers] == [0, 0, 0, 0]
    team, olga, collaborators, members = [json.loads(output) for _, output, _ in answers]
    assert team == {"@acme/icons": "read-write", "@acme/core": "read-only"}
    assert olga["@acme/tokens"] == "read-write"
    assert collaborators == {"olga-npm": "read-write", "rita-npm": "read-write"}
    assert (members["otto-npm"], members["zoe-npm"]) == ("owner", "developer")


async def test_npm_searches(npm: Npm) -> None:
    npm.registry.search.forgets = {"@acme/icons"}
    status, output, _ = await npm.run("search", "scope:acme", "--json")
    assert status == 0
    assert {item["name"] for item in json.loads(output)} == {"@acme/ui", "@acme/core", "@acme/tokens", "@acme/Legacy"}


async def test_npm_lists_and_revokes_granular_tokens(npm: Npm) -> None:
    npm.use_session("otto-npm")
    for number in range(11):  # a page holds ten
        token = npm.registry.open_session("otto-npm", granular=True, name=f"ci {number}")
    key = npm.registry.state.sessions[token].key
    assert await npm.run("token", "revoke", key) == (0, "Removed 1 token\n", "")
    assert token not in npm.registry.state.sessions


BROKEN = (
    (Fault.BAD_REQUEST, When.BEFORE_ACTING, "E400", "400 Bad Request - POST"),
    (Fault.ADDRESS, When.AT_ONCE, "EAUTHIP", "Login is not allowed from your IP address"),
    (Fault.TOO_MANY_HTML, When.AT_ONCE, "E429", "429 Too Many Requests - POST"),
    (Fault.SERVER_ERROR, When.BEFORE_ACTING, "E500", "500 Internal Server Error - POST"),
    (Fault.HTML, When.AFTER_ACTING, "FETCH_ERROR", "Unexpected token '<'"),
    (Fault.HALF_JSON, When.AFTER_ACTING, "FETCH_ERROR", "Unterminated string in JSON"),
    (Fault.CUT, When.AFTER_ACTING, "ECONNRESET", "socket hang up"),
)


async def test_npm_tells_each_class_of_error_and_sends_a_create_once(npm: Npm) -> None:
    npm.use_session("otto-npm", remember=True)
    names = [f"@acme/broken-{number}" for number in range(len(BROKEN))]
    for name, (fault, when, _, _) in zip(names, BROKEN, strict=True):
        npm.registry.add_package(SeedPackage(name, ("otto-npm",)))
        npm.registry.fail(fault, path=name.removeprefix("@acme/"), when=when)
    answers = await npm.run_all(*(("trust", "github", name, *PUBLISHER) for name in names))
    for name, (_, when, code, text), (status, _, errors) in zip(names, BROKEN, answers, strict=True):
        assert (status, f"npm error code {code}\n" in errors, text in errors) == (1, True, True), errors
        assert len(npm.registry.configurations(name)) == (when is When.AFTER_ACTING)
        assert npm.registry.count_calls(name.removeprefix("@acme/"), method="POST") == 1
        assert "not allowed to be empty" not in errors  # npm swallows the reason that stands in `message`


async def test_npm_reads_again_what_failed(npm: Npm) -> None:
    npm.use_session("otto-npm", remember=True)
    npm.registry.add_configuration("@acme/ui", "github", github()["claims"])
    npm.registry.fail(Fault.UNAVAILABLE, times=2)
    assert (await npm.run("trust", "list", "@acme/ui"))[0] == 0
    assert [call.status for call in npm.registry.calls] == [503, 503, 200]


async def test_npm_creates_in_the_window_that_a_list_has_opened(npm: Npm) -> None:
    npm.use_session("otto-npm")

    def confirm(link: str) -> None:
        assert npm.registry.confirm(link, "otto-npm", remember=True).accepted

    assert (await npm.run_in_terminal("trust", "list", "@acme/ui", at_link=confirm))[0] == 0
    assert (await npm.run(*GITHUB))[0] == 0


async def test_npm_is_asked_again_where_the_window_is_for_less(npm: Npm) -> None:
    npm.use_session("otto-npm", remember=True)
    npm.registry.switches.windows = Windows.READS
    listed, created = await npm.run_all(("trust", "list", "@acme/ui"), GITHUB)
    npm.registry.switches.windows = Windows.NONE
    again = await npm.run("trust", "list", "@acme/ui")
    assert [(status, "EOTP" in errors) for status, _, errors in (listed, created, again)] == [
        (0, False),
        (1, True),
        (1, True),
    ]


async def test_npm_takes_links_without_the_header_for_a_dead_session(npm: Npm) -> None:
    npm.use_session("otto-npm")
    npm.registry.switches.challenge = Challenge.LINKS
    status, _, errors = await npm.run("trust", "list", "@acme/ui")
    assert (status, "E401" in errors) == (1, True)
    npm.registry.switches.challenge = Challenge.TEXT
    status, _, errors = await npm.run("trust", "list", "@acme/ui")
    assert (status, "EOTP" in errors) == (1, True)


async def test_npm_refuses_a_login_that_ends_without_a_token(npm: Npm) -> None:
    npm.registry.fail(Fault.NO_TOKEN, path="/-/v1/done")
    status, output = await npm.run_in_terminal("login", at_link=lambda _: None)
    assert (status, "Invalid response from web login endpoint" in output) == (1, True)


async def test_npm_passes_with_the_code_of_an_authenticator_and_prints_what_the_registry_notes(npm: Npm) -> None:
    npm.use_session("otto-npm")
    switches = npm.registry.switches
    switches.totp, switches.totp_opens_window, switches.notice = "123456", True, "tokens *change* soon"
    status, _, errors = await npm.run(*GITHUB, "--otp=654321")
    assert (status, "EOTP" in errors, "npm notice This operation requires a one-time pass" in errors) == (1, True, True)
    status, _, errors = await npm.run(*GITHUB, "--otp=123456")
    assert (status, "npm notice tokens *change* soon" in errors) == (0, True)
    set_mfa = ("access", "set", "mfa=publish", "@acme/ui")
    (listed, _, _), (set_up, _, _) = await npm.run_all(("trust", "list", "@acme/ui"), set_mfa)
    assert (listed, set_up) == (0, 0)  # in the window that the code has opened
    package = npm.registry.state.packages["@acme/ui"]
    assert package.access == {"publish_requires_tfa": True, "automation_token_overrides_tfa": False}
    switches.windows = Windows.NONE
    asked, private = await npm.run_all(set_mfa, ("access", "set", "status=private", "@acme/ui", "--otp=123456"))
    assert (asked[0], "EOTP" in asked[2], private[0], package.seed.private) == (1, True, 0, True)


async def test_npm_exchanges_the_id_token_of_a_job_that_a_configuration_takes(npm: Npm) -> None:
    npm.registry.add_configuration("@acme/ui", "github", {**github()["claims"], "environment": "npm"})
    (npm.folder / "package.json").write_text('{"name": "@acme/ui", "version": "9.0.0"}')
    place = "acme/ui/.github/workflows/release.yml@refs/heads/main"
    job = {
        "iss": "https://token.actions.githubusercontent.com",
        "aud": "npm:127.0.0.1",
        "repository": "acme/ui",
        "workflow_ref": place,
        "environment": "npm",
    }
    told = []
    for other in ({}, {"environment": "test"}, {"workflow_ref": place.replace("release", "ci")}, {"aud": "npm:else"}):
        token = write_id_token(job | other)
        in_ci = replace(npm, variables={"GITHUB_ACTIONS": "true", "NPM_ID_TOKEN": token})
        _, _, errors = await in_ci.run("publish", "--loglevel=verbose", "--ignore-scripts")
        told.append(next(line.partition("oidc ")[2] for line in errors.splitlines() if "verbose oidc" in line))
    assert told == [
        "Successfully retrieved and set token",
        "Failed token exchange request with body message: OIDC token exchange error - package not found",
        "Failed token exchange request with body message: OIDC token exchange error - package not found",
        "Failed token exchange request with body message: OIDC token exchange error - unauthorized",
    ]
