"""What the public registry answers about packages: one of them, those that a search finds, and who built a version."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, TypeAlias

from bot.domain.evidence import PackageFacts
from bot.domain.provenance import Provenance, read_provenance
from bot.registry.errors import RegistryMisbehaved
from bot.registry.packument import PackumentReader
from bot.registry.transport import Reply
from bot.registry.wire import SearchBody, SearchHit, read_body, read_complaint, to_plain_words

_ETAG: Final = re.compile(r'(W/)?"[!-~]{0,250}"')
_NONE_SUCH: Final = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE, HTTPStatus.UNAVAILABLE_FOR_LEGAL_REASONS})


@dataclass(frozen=True, slots=True)
class NotModified:
    """It is still as it was when npm gave the ETag."""


@dataclass(frozen=True, slots=True)
class NotFound:
    """npm shows no such package to this caller."""

    status: int
    """404; 410 or 451 when npm says that it is gone or blocked."""
    why: str
    """npm's own words, or the status in words."""

    @property
    def is_withheld(self) -> bool:
        """Tell whether npm knows it and shows it to nobody."""
        return self.status != HTTPStatus.NOT_FOUND


@dataclass(frozen=True, slots=True)
class Found:
    """A package as the caller sees it."""

    facts: PackageFacts
    etag: str
    """For the next read; empty when npm gave none that can be sent back."""


PackageRead: TypeAlias = NotModified | NotFound | Found


@dataclass(frozen=True, slots=True)
class SearchPage:
    """A part of what a search finds. It is ranked and incomplete, and pages may overlap."""

    names: tuple[str, ...]
    """As npm writes them: whether they are names is not checked."""
    total: int
    """As npm counts it, all pages together."""


def read_package_reply(package: str, reply: Reply, reader: PackumentReader) -> Found | NotFound:
    """Say what an answer to `GET /NAME` means, whose body `reader` took if it was a 200.

    Raises:
        RegistryMisbehaved: it is no answer about this package.
    """
    if reply.status == HTTPStatus.OK:
        facts = reader.finish()
        if facts.name != package:
            # `{}` would else be a package without versions, and what stands in between may answer anything.
            about = f"about {to_plain_words(facts.name, 214)!r}" if facts.name else "without a name"
            raise RegistryMisbehaved(f"npm answered {about} instead of about {package}")
        etag = reply.headers.get("etag", "")
        return Found(facts, etag if _ETAG.fullmatch(etag) else "")
    if reply.status in _NONE_SUCH:
        return NotFound(reply.status, read_complaint(reply.read_json()) or reply.status_text)
    raise misbehaved(reply, "a package")


def read_search(reply: Reply) -> SearchPage:
    """Read what `GET /-/v1/search` answered.

    Raises:
        RegistryMisbehaved: it is no list of packages.
    """
    body = read_body(SearchBody, reply.read_json()) if reply.is_success else None
    if body is None:
        raise misbehaved(reply, "a list of packages")
    hits = (read_body(SearchHit, item) for item in body.objects)
    names = tuple(hit.package.name for hit in hits if hit)
    return SearchPage(names, max(body.total, len(names)))


def read_attestations(reply: Reply) -> Provenance | None:
    """Read what `GET /-/npm/v1/attestations/…` answered; None when the version has none, or none that tells.

    Raises:
        RegistryMisbehaved: it is no answer about attestations.
    """
    if reply.status in _NONE_SUCH:
        return None
    document = reply.read_json() if reply.is_success else None
    if not isinstance(document, Mapping):
        raise misbehaved(reply, "attestations")
    return read_provenance(document)


def misbehaved(reply: Reply, what: str) -> RegistryMisbehaved:
    """Tell that npm answered something else, in its own words where there are any."""
    words = read_complaint(reply.read_json())
    return RegistryMisbehaved(f"npm answered {reply.status_text} instead of {what}" + (f": {words}" if words else ""))
