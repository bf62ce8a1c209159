"""Reading the whole record again, with its seals: what was changed, removed, inserted or put in another order shows.

It shows also where whoever did it owns the database and has hashed everything anew, since they lack the key. An end
that was cut off, seals and all, shows to whoever knows a later head: the digests in the channel tell one.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from sqlalchemy import Connection, Row, Select, exists, func, select

from storage.audit_models import AuditRow, SealRow
from storage.seal_keys import SealKeys, digest_of, verify_mark
from storage.seals import Head

SEALED_WITHIN = timedelta(minutes=1)
"""After so long every event has its seal, while `npmtrust run` is at work."""

_EVENTS = AuditRow.__table__
_SEALS = SealRow.__table__
_CHUNK = 1000
_LEAST_DIGITS = 8

_Event: TypeAlias = Row[Any]


@dataclass(slots=True)
class Verdict:
    """What came of reading the record of one workspace."""

    workspace: str
    head: Head | None = None
    """The last seal that holds."""
    fault: str = ""
    """The first thing that is wrong, in a sentence; empty: nothing is."""
    fresh: int = 0
    """Events of the last minute that are not sealed yet."""
    late: int = 0
    """Older ones, which are as they were written, but not sealed yet."""
    first_late: int = 0
    """The id of the first of those."""
    other_keys: set[str] = field(default_factory=set)
    """Keys that are not at hand; what they signed is held by a later signature."""


def parse_head(text: str) -> Head | None:
    """Read `1234:9f86d081884c7d65` as a digest shows it; None for anything else."""
    number, _, digest = text.strip().partition(":")
    is_hex = _LEAST_DIGITS <= len(digest) <= 64 and set(digest) <= set("0123456789abcdef")  # noqa: PLR2004 -- SHA-256
    return Head(int(number), digest) if number.isascii() and number.isdigit() and int(number) and is_hex else None


def verify_record(
    connection: Connection, workspace: str, keys: SealKeys, *, now: datetime, known: Head | None = None
) -> Verdict:
    """Read everything, and tell the first thing that is wrong.

    Args:
        connection: A transaction that sees one moment.
        workspace: Whose record.
        keys: Those of NPMTRUST_SECRET_KEYS.
        now: To tell what cannot be sealed yet.
        known: A head that a digest showed.
    """
    for chunk in (_CHUNK, 1):
        verdict = Verdict(workspace)
        patient = connection.execution_options(yield_per=chunk)
        try:
            verdict.fault = (
                _read_chain(patient, verdict, keys, known)
                or _find_cut(verdict, known)
                or _read_unsealed(patient, verdict, keys, now)
            )
        except (ValueError, TypeError, AttributeError):  # no moment, no number: row by row it is found which
            number = verdict.head.number if verdict.head else 0
            verdict.fault = f"what comes after seal {number} cannot be read: it was not written by npmtrust"
        else:
            break
    return verdict


def _read_chain(connection: Connection, verdict: Verdict, keys: SealKeys, known: Head | None) -> str:
    query: Select[Any] = (
        select(_SEALS.c.number, _SEALS.c.event_id, _SEALS.c.sealed_at, _SEALS.c.digest, _SEALS.c.signature, _EVENTS)
        .select_from(_SEALS.outerjoin(_EVENTS, _joined()))
        .where(_SEALS.c.workspace == verdict.workspace)
        .order_by(_SEALS.c.number, _SEALS.c.id)
    )
    digest, open_since = "", 0
    with connection.execute(query) as rows:
        for number, row in enumerate(rows, start=1):
            if row.number != number:
                return _out_of_order(row, number)
            if row.id is None:
                return f"event {row.event_id}, which seal {number} is of, was removed"
            found = digest_of(digest, number, row.sealed_at, row)
            holds = keys.verify(found.encode(), row.signature)
            if found != row.digest or holds is False:
                before = f" (or one since seal {open_since}, whose key is not at hand)" if open_since else ""
                return f"{_named(row)} or its seal {number} was changed, or put in another place{before}"
            if holds is None:
                key_id = row.signature.partition(".")[0]
                if open_since != 1 and number > 1 and key_id not in verdict.other_keys:
                    return f"seal {number} was changed: its key is none that was used before, and not at hand"
                verdict.other_keys.add(key_id)
            open_since = 0 if holds else open_since or number
            digest = found
            verdict.head = Head(number, digest)
            if known is not None and known.number == number and not digest.startswith(known.digest):
                return f"seal {number} is {verdict.head.text}, not {known.text}: the record was written anew up to it"
    if open_since:
        ids = ", ".join(sorted(verdict.other_keys))
        return (
            f"the seals from {open_since} on were made with a key that is not in NPMTRUST_SECRET_KEYS (id {ids}): put"
            " it back behind the others; where there never was one, npmtrust did not make them"
        )
    return ""


def _joined() -> Any:  # noqa: ANN401 -- a clause
    return (_EVENTS.c.id == _SEALS.c.event_id) & (_EVENTS.c.workspace == _SEALS.c.workspace)


def _out_of_order(row: _Event, expected: int) -> str:
    if row.number > expected:
        several = f"seals {expected} to {row.number - 1} were" if row.number - expected > 1 else f"seal {expected} was"
        return f"{several} removed"
    return f"seal {row.number}, of event {row.event_id}, was inserted"


def _find_cut(verdict: Verdict, known: Head | None) -> str:
    last = verdict.head.number if verdict.head else 0
    if known is None or last >= known.number:
        return ""
    return f"the record ends at seal {last}, and its head was {known.text}: the end was cut off"


def _read_unsealed(connection: Connection, verdict: Verdict, keys: SealKeys, now: datetime) -> str:
    has_seal = exists().where(_SEALS.c.workspace == verdict.workspace, _SEALS.c.event_id == _EVENTS.c.id)
    query = select(_EVENTS).where(_EVENTS.c.workspace == verdict.workspace, ~has_seal).order_by(_EVENTS.c.id)
    with connection.execute(query) as rows:
        for row in rows:
            is_of_before = row.mark is None and verdict.head is None
            holds = is_of_before or (_is_single(connection, row) and verify_mark(row, keys))
            if holds is None:
                return f"{_named(row)} was written with a key that is not in NPMTRUST_SECRET_KEYS: put it back"
            if not holds:
                return f"{_named(row)} was not written by npmtrust, or changed before it was sealed"
            if row.at > now - SEALED_WITHIN:
                verdict.fresh += 1
            else:
                verdict.late += 1
                verdict.first_late = verdict.first_late or row.id
    return ""


def _is_single(connection: Connection, row: _Event) -> bool:
    if row.mark is None:
        return False
    same = select(func.count()).where(_EVENTS.c.workspace == row.workspace, _EVENTS.c.mark == row.mark)
    return bool(connection.execute(same).scalar_one() == 1)


def _named(row: _Event) -> str:
    return f"event {row.id} ({row.kind} of {row.at:%Y-%m-%d %H:%M:%S} UTC)"
