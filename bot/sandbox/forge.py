"""A simulated forge on loopback: the contents addresses of GitHub and of GitLab, and what goes wrong with them.

A repository that nobody has described has whatever file is asked for, with a workflow as npm needs it: so that only
what is meant shows a warning.
"""

import asyncio
import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

from aiohttp import web

from bot.clock import Clock
from bot.sandbox.exchanges import Watcher, exchange, watch_nothing
from bot.sandbox.forge_files import GITLAB_GOOD, GOOD
from bot.sandbox.ports import LOOPBACK, HeldPort

WORKFLOWS = ".github/workflows"
_DEFAULT_BRANCH = ("", "HEAD", "main")
RATE_SECONDS = 600
"""After so long a forge that has had enough of us wants to be asked again."""


@dataclass(slots=True)
class Repository:
    """A repository or project, as its owners made it."""

    name: str
    """As its forge writes it."""
    files: dict[str, str] = field(default_factory=dict)
    """Text by path: `.github/workflows/release.yml`."""
    refs: dict[str, dict[str, str]] = field(default_factory=dict)
    """What it holds at a tag or a branch that is not the default one, likewise."""
    private: bool = False
    """Nobody may see it; with `has_key`, who has a token."""
    has_key: bool = False
    moved_to: str = ""
    for_members: bool = False
    """A public project of GitLab's that shows its repository to its members alone, by their tokens."""

    def is_hidden_from(self, token: str) -> bool:
        """Tell whether who sends this token, or none, must not know of it."""
        return self.private and not (self.has_key and token)

    def at(self, ref: str) -> dict[str, str]:
        """Tell the files at a ref; one that is not there holds none."""
        return self.files if ref in _DEFAULT_BRANCH else self.refs.get(ref, {})


@dataclass(slots=True)
class ForgeSwitches:
    """What goes wrong."""

    slow_seconds: float = 0.0
    """Before each answer, by the wall."""
    remaining: int | None = None
    """So many questions of 60 it answers still, as it says; None: it says nothing of it."""
    rate_limited: bool = False
    """It wants no more questions for a while."""
    status: int = 0
    """It answers so, whatever it is asked; 0: it does not."""
    redirect_to: str = ""
    """It sends everybody to another host."""
    only_for: str = ""
    """All this, where the path that is asked for has this in it; empty: everywhere."""


class SimulatedForge:
    """GitHub's API under `/github/` and GitLab under `/gitlab/`, on one port."""

    def __init__(self, clock: Clock) -> None:
        self.switches = ForgeSwitches()
        self.questions: list[str] = []
        """Each path that was asked for, oldest first."""
        self.tokens: list[str] = []
        """The token of each question; empty: none."""
        self.on_exchange: Watcher = watch_nothing
        self._clock = clock
        self._repositories: dict[str, Repository] = {}
        self._port: HeldPort | None = None
        self._runner: web.ServerRunner | None = None

    async def start(self) -> None:
        """Listen on loopback: on the port from before, else on any free one."""
        if self._runner:
            return
        self._port = self._port or HeldPort()
        self._runner = web.ServerRunner(web.Server(self._handle, access_log=None), shutdown_timeout=0.1)
        await self._runner.setup()
        await web.SockSite(self._runner, self._port.open()).start()

    async def stop(self) -> None:
        """Be down: connections are refused. What is known stays."""
        runner, self._runner = self._runner, None
        if runner:
            await runner.cleanup()

    @property
    def settings(self) -> dict[str, str]:
        """Tell what leads a bot here."""
        base = f"http://{LOOPBACK}:{self._port.number if self._port else 0}"
        return {"NPMTRUST_GITHUB_API_URL": f"{base}/github/", "NPMTRUST_GITLAB_URL": f"{base}/gitlab/"}

    def describe(
        self,
        name: str,
        files: Mapping[str, str],
        *,
        refs: Mapping[str, Mapping[str, str]] | None = None,
        private: bool = False,
        has_key: bool = False,
        moved_to: str = "",
        for_members: bool = False,
    ) -> None:
        """Say what a repository holds: workflow files by name (GitHub), or any files by path.

        Args:
            name: As its forge writes it.
            files: On the default branch.
            refs: The same, by tag or branch.
            private: Nobody may see it.
            has_key: But who sends a token.
            moved_to: The name that it has now.
            for_members: As in `Repository`.
        """
        placed = {ref: _place(held) for ref, held in (refs or {}).items()}
        self._repositories[name.casefold()] = Repository(
            name, _place(files), placed, private, has_key, moved_to, for_members
        )

    def forget(self, name: str) -> None:
        """Oblige again."""
        self._repositories.pop(name.casefold(), None)

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        name = f"{request.method} {request.path}"
        return await exchange(request, name, self.on_exchange, lambda: self._respond(request))

    async def _respond(self, request: web.BaseRequest) -> web.Response:
        response = await self._answer(request)
        if self.switches.remaining is not None:
            self.switches.remaining = max(self.switches.remaining - 1, 0)
            reset = str(int(self._clock.now().timestamp()) + RATE_SECONDS)
            left = {"remaining": str(self.switches.remaining), "limit": "60", "reset": reset}
            prefix = "x-ratelimit-" if request.path.startswith("/github/") else "ratelimit-"
            response.headers.update({f"{prefix}{name}": number for name, number in left.items()})
        return response

    async def _answer(self, request: web.BaseRequest) -> web.Response:
        path = request.raw_path.partition("?")[0]
        ref = request.query.get("ref", "")
        token = request.headers.get("authorization", request.headers.get("private-token", ""))
        self.questions.append(path)
        self.tokens.append(token)
        if self.switches.only_for in path:
            await asyncio.sleep(self.switches.slow_seconds)
            if fault := self._fault(path):
                return fault
        if path.startswith("/github/repos/"):
            return self._github(path.removeprefix("/github/repos/"), ref, token)
        if path.startswith("/gitlab/api/v4/projects/"):
            return self._gitlab(path.removeprefix("/gitlab/api/v4/projects/"), ref, token)
        return _not_found("Not Found")

    def _fault(self, path: str) -> web.Response | None:
        if self.switches.redirect_to:
            return web.Response(status=HTTPStatus.FOUND, headers={"location": f"{self.switches.redirect_to}{path}"})
        if self.switches.rate_limited:
            reset = str(int(self._clock.now().timestamp()) + RATE_SECONDS)
            headers = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": reset}
            return web.json_response({"message": "API rate limit exceeded"}, status=403, headers=headers)
        if self.switches.status:
            return web.json_response({"message": "no"}, status=self.switches.status)
        return None

    def _find(self, name: str, oblige: Callable[[], dict[str, str]]) -> Repository:
        return self._repositories.get(name.casefold()) or Repository(name, oblige())

    # GitHub

    def _github(self, path: str, ref: str, token: str) -> web.Response:
        owner, repo, *rest = unquote(path).split("/")
        wanted = "/".join(rest[1:])
        found = self._find(f"{owner}/{repo}", lambda: {wanted: GOOD} if wanted != WORKFLOWS else {})
        if found.is_hidden_from(token):
            return _not_found("Not Found")
        if found.moved_to:
            location = f"/github/repos/{found.moved_to}" + "".join(f"/{part}" for part in rest) + _query(ref)
            return web.Response(status=HTTPStatus.MOVED_PERMANENTLY, headers={"location": location})
        if not rest:
            return web.json_response({"full_name": found.name, "default_branch": "main", "private": found.private})
        files = found.at(ref)
        if wanted in files:
            return web.json_response(_file_of_github(found, wanted, files[wanted]))
        entries = [
            {"type": "file", "name": file.rpartition("/")[2], "path": file}
            for file in files
            if file.rpartition("/")[0] == wanted
        ]
        return web.json_response(entries) if entries else _not_found("Not Found")

    # GitLab

    def _gitlab(self, path: str, ref: str, token: str) -> web.Response:
        project, _, rest = path.partition("/")
        name, wanted = unquote(project), unquote(rest.removeprefix("repository/files/").removesuffix("/raw"))
        found = self._find(name, lambda: {wanted: GITLAB_GOOD})
        if found.is_hidden_from(token):
            return _not_found("404 Project Not Found")
        if found.moved_to:
            location = f"/gitlab/api/v4/projects/{found.moved_to.replace('/', '%2F')}" + (f"/{rest}" if rest else "")
            location += _query(ref)
            return web.Response(status=HTTPStatus.MOVED_PERMANENTLY, headers={"location": location})
        if not rest:
            visibility = "private" if found.private else "public"
            return web.json_response(
                {
                    "path_with_namespace": found.name,
                    "default_branch": "main",
                    "visibility": visibility,
                    "repository_access_level": "private" if found.for_members else "enabled",
                }
            )
        files = found.at(ref)
        if rest == "repository/tree":
            return web.json_response(
                [{"type": "blob", "name": file, "path": file} for file in files if "/" not in file]
            )
        if wanted in files and (token or not found.for_members):
            return web.Response(text=files[wanted])
        return _not_found("404 File Not Found")


def _query(ref: str) -> str:
    return f"?ref={ref}" if ref else ""


def _place(files: Mapping[str, str]) -> dict[str, str]:
    return {
        path if "/" in path or path.startswith(".") else f"{WORKFLOWS}/{path}": text for path, text in files.items()
    }


def _file_of_github(repository: Repository, path: str, text: str) -> dict[str, Any]:
    content = base64.encodebytes(text.encode()).decode()
    page = f"https://github.com/{repository.name}/blob/main/{path}"
    name = path.rpartition("/")[2]
    return {
        "type": "file",
        "name": name,
        "path": path,
        "encoding": "base64",
        "content": content,
        "html_url": page,
    }


def _not_found(message: str) -> web.Response:
    return web.json_response({"message": message}, status=HTTPStatus.NOT_FOUND)
