"""How much one person and one channel have wanted lately: counted by what is stored, for any number of processes."""

import json
from collections.abc import Collection
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import CompoundSelect, String, bindparam, func, literal, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from storage.account_models import HandoffRow
from storage.inbox import REFUSED
from storage.models import ChangeSetRow, InboxRow, StepRow
from storage.repository import Repository


class Limits(Repository):
    """Looks back over a span of time. What seems to come from the future, since a clock was wrong, does not count."""

    def find_delivery(
        self, kinds: Collection[str], nth: int, *, since: datetime, now: datetime, person: str = "", channel: str = ""
    ) -> datetime | None:
        """Tell when the nth newest delivery came that was taken; None when there are fewer."""
        query = select(InboxRow.received_at).where(
            InboxRow.workspace == self._workspace,
            InboxRow.person == person if person else InboxRow.channel == channel,
            InboxRow.received_at > since,
            InboxRow.received_at <= now,
            InboxRow.kind.in_(kinds),
            InboxRow.state != REFUSED,
        )
        return self._session.scalar(query.order_by(InboxRow.received_at.desc()).offset(nth - 1).limit(1))

    def count_lately(
        self, people: Collection[str], channels: Collection[str], *, since: datetime, now: datetime
    ) -> dict[tuple[str, str], int]:
        """Count all that came from people, as ("person", id), and from channels, in one look."""
        asked = {"workspace": self._workspace, "since": since, "now": now}
        found = self._session.execute(
            _lately(), {**asked, "people": json.dumps(list(people)), "channels": json.dumps(list(channels))}
        )
        return {(what, which): number for what, which, number in found}

    def find_link(
        self, nth: int, *, login: bool, since: datetime, now: datetime, person: str = "", channel: str = ""
    ) -> datetime | None:
        """Tell when the nth newest link was made, to log in or to confirm; None when there are fewer.

        Args:
            nth: Counted from the newest.
            login: To log in, and not to confirm.
            since: What is older does not count.
            now: What is newer does not count.
            person: Whose links.
            channel: Else those of all who asked to log in there, or confirmed what was asked for there.
        """
        query = select(HandoffRow.created_at).where(
            HandoffRow.workspace == self._workspace,
            HandoffRow.created_at > since,
            HandoffRow.created_at <= now,
            HandoffRow.login.is_(login),
        )
        if person:
            query = query.where(HandoffRow.slack_user == person)
        elif login:
            query = query.where(HandoffRow.announce_in == channel)
        else:
            query = query.join(StepRow, StepRow.id == HandoffRow.step_id)
            query = query.join(ChangeSetRow, ChangeSetRow.id == StepRow.change_set_id)
            query = query.where(ChangeSetRow.channel == channel)
        return self._session.scalar(query.order_by(HandoffRow.created_at.desc()).offset(nth - 1).limit(1))

    def list_asked(
        self, *, since: datetime, now: datetime, requester: str = "", channel: str = ""
    ) -> list[tuple[datetime, int]]:
        """List when somebody, or somebody in a channel, asked for how many packages, oldest first."""
        query = (
            select(ChangeSetRow.created_at, func.count())
            .join(StepRow, StepRow.change_set_id == ChangeSetRow.id)
            .where(
                ChangeSetRow.workspace == self._workspace,
                ChangeSetRow.requester == requester if requester else ChangeSetRow.channel == channel,
                ChangeSetRow.created_at > since,
                ChangeSetRow.created_at <= now,
            )
            .group_by(ChangeSetRow.id, ChangeSetRow.created_at)
        )
        return [(at, steps) for at, steps in self._session.execute(query.order_by(ChangeSetRow.created_at))]


class _Each(FunctionElement[str]):
    """Each text of a JSON list, as a row."""

    inherit_cache = True


@compiles(_Each, "sqlite")
def _each_on_sqlite(each: _Each, compiler: SQLCompiler, **given: Any) -> str:  # noqa: ANN401 -- SQLAlchemy's options
    return f"json_each({compiler.process(each.clauses, **given)})"


@compiles(_Each, "postgresql")
def _each_on_postgresql(each: _Each, compiler: SQLCompiler, **given: Any) -> str:  # noqa: ANN401 -- as above
    return f"json_array_elements_text(CAST({compiler.process(each.clauses, **given)} AS json))"


@cache
def _lately() -> CompoundSelect[str, str, int]:
    """Count what came in a `workspace` after `since` and not after `now`, of `people` and of `channels`, JSON lists.

    Each is counted by itself: PostgreSQL takes the span for almost empty, since it is newer than all that was analysed,
    and would read all that came in it for one list.
    """
    people, channels = (_Each(bindparam(name, type_=String)).table_valued("value") for name in ("people", "channels"))
    span = InboxRow.received_at > bindparam("since"), InboxRow.received_at <= bindparam("now")
    lately = select(func.count()).where(InboxRow.workspace == bindparam("workspace"), *span)
    of_person = lately.where(InboxRow.person == people.c.value).correlate(people).scalar_subquery()
    of_channel = lately.where(InboxRow.channel == channels.c.value).correlate(channels).scalar_subquery()
    by_person = select(literal("person"), people.c.value, of_person)
    return by_person.union_all(select(literal("channel"), channels.c.value, of_channel))
