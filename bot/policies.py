"""The policy in force in this process: read from its file at the start, and again when the file changes."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from bot.domain.policy import NO_FILE, Policy
from bot.domain.policy_file import parse_policy
from bot.errors import StartupError


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a look at the file brought."""

    digest: str
    """SHA-256 of its content; empty where it could not be read."""
    problem: str = ""
    """Why it is not in force; empty: it is."""


class Policies:
    """The holder. `current` is always a policy that was right: a broken file never takes its place."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        """Of the file; None: no policy is set."""
        self._stamp: object = None
        self.current: Policy = NO_FILE
        self.last = Loaded("")
        self.generation = 0
        """Counts the policies that came into force."""
        self.compared = -1
        """The generation with which all that was decided has been compared."""
        self.is_news = True
        """What the last look brought is not in the record yet."""

    @property
    def file_name(self) -> str:
        """The file's name, for people; empty where none is set."""
        return self.path.name if self.path is not None else ""

    def load(self) -> None:
        """Read the file at the start.

        Raises:
            StartupError: It cannot be used, in one line why.
        """
        self._look(force=True)
        if self.last.problem:
            raise StartupError(f"NPMTRUST_POLICY_FILE: {self.path}: {self.last.problem}")

    def reread(self) -> bool:
        """Read the file again if it changed since; a broken one leaves the last good one in force.

        Returns:
            Whether it was read.
        """
        return self._look(force=False)

    def _look(self, *, force: bool) -> bool:
        if self.path is None:
            return False
        stamp = _stamp_of(self.path)
        if not force and stamp == self._stamp:
            return False
        self._stamp = stamp
        self.last, policy = read_policy(self.path)
        self.is_news = True
        if not self.last.problem:
            self.current = policy
            self.generation += 1
        return True


def read_policy(path: Path) -> tuple[Loaded, Policy]:
    """Read a policy file, or tell what is wrong with it, in one line."""
    try:
        content = path.read_bytes()
    except OSError as err:
        return Loaded("", f"it cannot be read: {err.strerror or type(err).__name__}"), NO_FILE
    digest = hashlib.sha256(content).hexdigest()
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return Loaded(digest, "it is no UTF-8 text"), NO_FILE
    found = parse_policy(text, name=path.name)
    return (Loaded(digest), found) if isinstance(found, Policy) else (Loaded(digest, "; ".join(found)), NO_FILE)


def _stamp_of(path: Path) -> object:
    """Tell what changes when the file does; a mounted file is replaced whole, by another link."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
