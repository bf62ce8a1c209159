"""The npm that is installed here, told to use one registry with one session."""

import asyncio
import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from tests.patience import PATIENCE

_RUNNER = Path(__file__).with_name("npm_runner.js")
_SETTINGS = """\
registry={url}
//{host}/:_authToken={session}
yes=true
browser=false
fetch-retries=0
logs-max=0
update-notifier=false
"""


@dataclass(frozen=True, slots=True)
class Outcome:
    failed: bool
    told: str
    """What stands in the terminal, standard output and errors alike."""


class RealNpm:
    """Runs commands in an empty folder: many in one process, or each as the command line does."""

    def __init__(self, folder: Path, *, registry: str, session: str) -> None:
        program = shutil.which("npm")
        assert program, "npm must be installed"
        self._program = str(Path(program).resolve())
        self._empty = folder / "empty"
        self._empty.mkdir()
        settings = folder / "npmrc"
        settings.write_text(_SETTINGS.format(url=registry, host=urlsplit(registry).netloc, session=session))
        self._environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "npm_config_userconfig": str(settings),
            "npm_config_globalconfig": str(folder / "no-such-file"),
            "npm_config_cache": str(folder / "cache"),
            "NO_COLOR": "1",
            "NO_PROXY": "127.0.0.1",
        }
        self._runner: asyncio.subprocess.Process | None = None

    async def run(self, words: Sequence[str], *, in_terminal: bool = False) -> Outcome:
        """Run one command in the process that runs all of them."""
        if self._runner is None:
            pipe = asyncio.subprocess.PIPE
            self._runner = await self._start("node", str(_RUNNER), self._program, stdin=pipe, stdout=pipe)
        writer, reader = self._runner.stdin, self._runner.stdout
        assert writer, "it was asked for"
        assert reader, "as above"
        writer.write(json.dumps({"words": words, "terminal": in_terminal}).encode() + b"\n")
        async with asyncio.timeout(PATIENCE):
            return Outcome(**json.loads(await reader.readline()))

    async def run_alone(self, words: Sequence[str]) -> Outcome:
        """Run one command as the command line does."""
        pipe = asyncio.subprocess.PIPE
        process = await self._start(
            "node",
            self._program,
            *words,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=pipe,
            stderr=asyncio.subprocess.STDOUT,
        )
        async with asyncio.timeout(PATIENCE):
            told, _ = await process.communicate()
            return Outcome(await process.wait() != 0, told.decode())

    async def run_in_terminal(self, words: Sequence[str]) -> Outcome:
        """Run one command as the command line does under a pseudo-terminal."""
        ours, theirs = os.openpty()
        process = await self._start("node", self._program, *words, stdin=theirs, stdout=theirs, stderr=theirs)
        os.close(theirs)
        told = b""
        async with asyncio.timeout(PATIENCE):
            while chunk := await asyncio.to_thread(_read_terminal, ours):
                told += chunk
            os.close(ours)
            return Outcome(await process.wait() != 0, told.decode().replace("\r\n", "\n"))

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.communicate(b"")  # without any it would be left open

    async def _start(self, *words: str, **pipes: int) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *words,
            cwd=self._empty,
            env=self._environment,
            stdin=pipes["stdin"],
            stdout=pipes["stdout"],
            stderr=pipes.get("stderr"),
            limit=1 << 20,
        )


def _read_terminal(terminal: int) -> bytes:
    """Read what comes; nothing when the other end is closed, which Linux tells as an error."""
    try:
        return os.read(terminal, 4096)
    except OSError:
        return b""
