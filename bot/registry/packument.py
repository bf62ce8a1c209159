"""A packument, read piece by piece: of its versions only what shows how they were published is kept.

Most packuments are small and are parsed at once. One that is larger than the buffer goes through a parser that tells of
each value as it comes; one manifest at a time is put together, read and dropped, so that memory does not grow with it.
Both ways see the same.
"""

from collections.abc import Mapping
from typing import Any, Final

import ijson
from pydantic_core import from_json

from bot.domain.evidence import PackageFacts, read_package, read_version
from bot.domain.versions import VersionSeen
from bot.registry.errors import RegistryMisbehaved
from bot.registry.transport import KIB, MIB

BUFFER: Final = 512 * KIB
LIMIT: Final = 200 * MIB
"""Bytes, unpacked. The largest packuments of npm's have about a quarter of it."""

_HEAD: Final = frozenset({"name", "time", "dist-tags", "maintainers", "repository"})
_MANIFEST: Final = frozenset({"_npmUser", "dist", "deprecated", "repository"})
"""The parts that are looked at. The rest, which is most of it, never becomes an object."""

_LONGEST_VALUE: Final = 8 * MIB
_MOST_KEPT: Final = 48 * MIB
"""Bytes, roughly. A document can be within the limit and hold nothing but versions."""
_OBJECT: Final = 64
_VERSION: Final = 400

_BROKEN: Final = (ijson.JSONError, UnicodeDecodeError)
"""What the parser raises: the second for bytes that are no UTF-8."""

_STARTS: Final = frozenset({"start_map", "start_array"})
_ENDS: Final = frozenset({"end_map", "end_array"})


class PackumentReader:
    """Takes the body of an answer as it comes, and tells in the end what it shows."""

    def __init__(self, *, buffer: int = BUFFER, limit: int = LIMIT) -> None:
        self._limit = limit
        self._room = buffer
        self._size = 0
        self._buffered = bytearray()
        self._parser: Any = None
        self._sink = _Sink()
        self._silent = 0

    def feed(self, chunk: bytes) -> None:
        """Take the next piece.

        Raises:
            RegistryMisbehaved: it is no packument, or too large.
        """
        self._size += len(chunk)
        if self._size > self._limit:
            raise _too_large()
        if self._parser is not None:
            self._parse(chunk)
            return
        self._buffered += chunk
        if len(self._buffered) > self._room:
            self._parse_buffered()

    def finish(self) -> PackageFacts:
        """Tell what the packument shows.

        Raises:
            RegistryMisbehaved: it is no packument, or only the first part of one.
        """
        if self._parser is None:
            facts = _read_at_once(bytes(self._buffered))
            if facts is not None:
                return facts
            self._parse_buffered()
        try:
            self._parser.close()
        except _BROKEN as err:
            raise _no_package() from err
        return read_package(self._sink.head, self._sink.versions.values())

    def _parse_buffered(self) -> None:
        self._parser = ijson.basic_parse_coro(self._sink)
        first, self._buffered = bytes(self._buffered), bytearray()
        self._parse(first)

    def _parse(self, chunk: bytes) -> None:
        before = self._sink.events
        try:
            self._parser.send(chunk)
        except _BROKEN as err:
            raise _no_package() from err
        # The parser holds a value until it has all of it.
        self._silent = self._silent + len(chunk) if self._sink.events == before else 0
        if self._silent > _LONGEST_VALUE:
            raise _too_large()


def _read_at_once(body: bytes) -> PackageFacts | None:
    """Read a packument that is there as a whole.

    None when this parser takes it for none: it also refuses half a surrogate, which JavaScript writes, and what is
    nested deeply.
    """
    try:
        document = from_json(body, allow_inf_nan=False)
    except ValueError:
        return None
    if not isinstance(document, dict):
        return None
    versions = document.pop("versions", None)
    manifests = versions.items() if isinstance(versions, dict) else ()
    seen = (read_version(version, manifest) for version, manifest in manifests if isinstance(manifest, Mapping))
    return read_package(document, seen)


class _Sink:
    """Where the parser tells of each value: it keeps the head, and of each manifest what `read_version` makes of it."""

    def __init__(self) -> None:
        self.head: dict[str, Any] = {}
        self.versions: dict[str, VersionSeen] = {}
        self.events = 0
        self._depth = 0
        self._key = ""
        self._version = ""
        self._in_versions = False
        self._manifest: dict[str, Any] | None = None
        self._wanted: dict[str, Any] | None = None
        """Where the next value goes; None: it is passed over."""
        self._builder: ijson.ObjectBuilder | None = None
        """Of an object or a list that is wanted."""
        self._open_inside = 0
        """How many objects and lists of the builder's are not at their end yet."""
        self._kept = 0
        self._kept_before = 0

    def send(self, item: tuple[str, Any]) -> None:
        """Take what the parser saw next: what it is, and a key or a value."""
        event, value = item
        self.events += 1
        if self._builder is not None:
            self._build(self._builder, event, value)
        elif event == "map_key":
            self._take_key(value)
        elif event in _STARTS:
            self._open(event)
        elif event in _ENDS:
            self._close()
        elif self._depth == 0:
            raise _no_package()
        elif self._wanted is not None:
            self._keep(value)
            self._wanted[self._key] = value
            self._wanted = None

    def _take_key(self, key: str) -> None:
        # In JSON the last of two equal keys counts.
        if self._depth == 1:
            self._key = key
            self._wanted = self.head if key in _HEAD else None
            if key == "versions":
                self.versions.clear()
        elif self._depth == 2 and self._in_versions:  # noqa: PLR2004 - below the document and `versions`
            self._version = key
            self.versions.pop(key, None)
        elif self._manifest is not None and self._depth == 3:  # noqa: PLR2004
            self._key = key
            self._wanted = self._manifest if key in _MANIFEST else None

    def _open(self, event: str) -> None:
        is_map = event == "start_map"
        if self._depth == 0 and not is_map:
            raise _no_package()
        if self._wanted is not None:
            self._builder = ijson.ObjectBuilder()
            self._build(self._builder, event, None)
            return
        if self._depth == 1:
            self._in_versions = is_map and self._key == "versions"
        elif self._depth == 2 and self._in_versions and is_map:  # noqa: PLR2004
            self._manifest, self._kept_before = {}, self._kept
        self._depth += 1

    def _close(self) -> None:
        self._depth -= 1
        if self._depth == 1:
            self._in_versions = False
        elif self._depth == 2 and self._manifest is not None:  # noqa: PLR2004
            seen = read_version(self._version, self._manifest)
            self.versions[self._version] = seen
            self._manifest = None
            self._kept = self._kept_before + _VERSION + len(self._version) + len(seen.repository)
            self._keep(None)

    def _build(self, builder: ijson.ObjectBuilder, event: str, value: object) -> None:
        builder.event(event, value)
        self._keep(value)
        if event in _STARTS:
            self._open_inside += 1
        elif event in _ENDS:
            self._open_inside -= 1
            if self._open_inside == 0 and self._wanted is not None:
                self._wanted[self._key] = builder.value
                self._wanted = self._builder = None

    def _keep(self, value: object) -> None:
        self._kept += _OBJECT + (len(value) if isinstance(value, str) else 0)
        if self._kept > _MOST_KEPT:
            raise _too_large()


def _no_package() -> RegistryMisbehaved:
    return RegistryMisbehaved("npm answered 200 OK instead of a package")


def _too_large() -> RegistryMisbehaved:
    return RegistryMisbehaved("what npm answered about the package is too large to be read")
