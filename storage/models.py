"""The tables. Each row belongs to a workspace, and each table that is claimed has a version for compare-and-set."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, Dialect, ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, validates
from sqlalchemy.types import TypeDecorator

from bot.domain.lifecycle import LastAnswer, Phase, Plan, State, Step, WaitFor


class UtcDateTime(TypeDecorator[datetime]):
    """A moment, aware of UTC on both databases (SQLite keeps no zone)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a naive moment: nobody could tell which one it is."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a zone cannot be stored")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Tell it in UTC: PostgreSQL gives moments in the zone of the session."""
        del dialect
        return None if value is None else value.astimezone(UTC)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], datetime | None] | None:
        """Give the zone back. SQLite's text is read in one step: ten thousand packages have tens of thousands."""
        return _read_text if dialect.name == "sqlite" else super().result_processor(dialect, coltype)


def _read_text(stored: str | None) -> datetime | None:
    return None if stored is None else datetime.fromisoformat(f"{stored}+00:00")


class Base(DeclarativeBase):
    """What every table has."""

    type_annotation_map = {datetime: UtcDateTime, str: Text}  # noqa: RUF012 -- SQLAlchemy's way to say it

    id: Mapped[int] = mapped_column(primary_key=True)
    workspace: Mapped[str]


class InboxRow(Base):
    """A delivery from Slack, committed before it is acknowledged: the replay table and the promise."""

    __tablename__ = "inbox"
    __table_args__ = (UniqueConstraint("workspace", "delivery_key"), Index("inbox_due", "state", "next_try_at"))

    delivery_key: Mapped[str]
    kind: Mapped[str]
    person: Mapped[str]
    """Whose it is: what one person does is done in its order."""
    sealed_payload: Mapped[str]
    """Encrypted; emptied when done."""
    received_at: Mapped[datetime]
    state: Mapped[str]
    """new, claimed, done or failed."""
    next_try_at: Mapped[datetime]
    """Of a claimed row: when the claim ends."""
    tries: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=1)
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class ChangeSetRow(Base):
    """What one request asks for."""

    __tablename__ = "change_sets"
    __table_args__ = (UniqueConstraint("workspace", "number"), UniqueConstraint("workspace", "inbox_id"))

    number: Mapped[int]
    inbox_id: Mapped[int]
    """The delivery that asked for it: a delivery stages once, also after a crash."""
    requester: Mapped[str]
    reason: Mapped[str]
    channel: Mapped[str]
    private: Mapped[bool]
    created_at: Mapped[datetime]
    deadline: Mapped[datetime]
    last_deadline: Mapped[datetime]
    offer: Mapped[str]
    """The value that the buttons of the newest message carry."""
    permissions_stated: Mapped[bool]
    paused: Mapped[bool] = mapped_column(default=False)
    version: Mapped[int] = mapped_column(default=1)
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class StepRow(Base):
    """One operation of a change set. `lifecycle` is the part that decides how it moves."""

    __tablename__ = "steps"
    __table_args__ = (
        Index("steps_due", "workspace", "state", "next_try_at"),
        Index("steps_by_package", "workspace", "package", "state"),
        Index("steps_by_change_set", "change_set_id", "position"),
    )

    change_set_id: Mapped[int] = mapped_column(ForeignKey("change_sets.id"))
    position: Mapped[int]
    package: Mapped[str]
    operation: Mapped[str]
    """JSON of `bot.domain.operations.Operation`."""
    fingerprint: Mapped[str]
    facts: Mapped[str]
    """JSON of `storage.records.StepFacts`: what staging saw."""
    progress: Mapped[str]
    """JSON of `storage.records.StepProgress`: what calling and reading brought."""

    plan: Mapped[str]
    state: Mapped[str]
    phase: Mapped[str]
    maybe_acted: Mapped[bool]
    cancel_wanted: Mapped[bool]
    back: Mapped[str | None]
    waits_for: Mapped[str]
    last_answer: Mapped[str]

    executor: Mapped[str] = mapped_column(default="")
    next_try_at: Mapped[datetime]
    settles_at: Mapped[datetime | None]
    """After this moment a read of npm's list is the last word on the last attempt."""
    finished_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012

    @property
    def lifecycle(self) -> Step:
        """The step as the state machine knows it."""
        return Step(
            plan=Plan(self.plan),
            state=State(self.state),
            phase=Phase(self.phase),
            maybe_acted=self.maybe_acted,
            cancel_wanted=self.cancel_wanted,
            back=State(self.back) if self.back else None,
            waits_for=WaitFor(self.waits_for),
            last_answer=LastAnswer(self.last_answer),
        )

    @lifecycle.setter
    def lifecycle(self, step: Step) -> None:
        self.plan, self.state, self.phase = step.plan.value, step.state.value, step.phase.value
        self.maybe_acted, self.cancel_wanted = step.maybe_acted, step.cancel_wanted
        self.back = step.back.value if step.back else None
        self.waits_for, self.last_answer = step.waits_for.value, step.last_answer.value


class DecisionRow(Base):
    """One person's approval or rejection of one step, bound to the fingerprint that was seen."""

    __tablename__ = "decisions"
    __table_args__ = (
        Index(
            "decisions_once",
            "step_id",
            "slack_user",
            unique=True,
            sqlite_where=text("void_at IS NULL"),
            postgresql_where=text("void_at IS NULL"),
        ),
    )

    step_id: Mapped[int] = mapped_column(ForeignKey("steps.id"))
    slack_user: Mapped[str]
    npm_user: Mapped[str]
    approved: Mapped[bool]
    reason: Mapped[str]
    fingerprint: Mapped[str]
    at: Mapped[datetime]
    void_at: Mapped[datetime | None]


class OfferRow(Base):
    """What the buttons of a message stood for: an opaque value for a change set with exactly that content."""

    __tablename__ = "offers"
    __table_args__ = (UniqueConstraint("workspace", "token"),)

    token: Mapped[str]
    change_set_id: Mapped[int] = mapped_column(ForeignKey("change_sets.id"))
    fingerprint: Mapped[str]
    created_at: Mapped[datetime]


class AttemptRow(Base):
    """A call that was about to be made: written before it, finished with its answer."""

    __tablename__ = "attempts"
    __table_args__ = (Index("attempts_open", "workspace", "finished_at"),)

    step_id: Mapped[int | None] = mapped_column(ForeignKey("steps.id"))
    read_id: Mapped[int | None] = mapped_column(ForeignKey("reads.id"))
    call: Mapped[str]
    """create, revoke or list."""
    slack_user: Mapped[str]
    npm_user: Mapped[str]
    fencing: Mapped[int]
    started_at: Mapped[datetime]
    deadline: Mapped[datetime]
    """When the call is given up; npm may act on it until then."""
    finished_at: Mapped[datetime | None]
    answer: Mapped[str] = mapped_column(default="")


class ReadRow(Base):
    """A list of one package's configurations through one person's account."""

    __tablename__ = "reads"
    __table_args__ = (Index("reads_due", "workspace", "state", "next_try_at"), Index("reads_by_batch", "batch"))

    batch: Mapped[str]
    """Which `list` asked; of a look, the step's id behind `look:`."""
    package: Mapped[str]
    slack_user: Mapped[str]
    step_id: Mapped[int | None] = mapped_column(ForeignKey("steps.id"))
    """Of a look."""
    state: Mapped[str]
    """ready, calling, waiting, done or failed."""
    facts: Mapped[str]
    """JSON of the package's public facts at the time of asking; empty for a look."""
    result: Mapped[str] = mapped_column(default="")
    """JSON of the configurations."""
    problem: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime]
    deadline: Mapped[datetime]
    next_try_at: Mapped[datetime]
    read_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class LinkRow(Base):
    """Which Slack person is which npm user, and that account's session."""

    __tablename__ = "account_links"
    __table_args__ = (
        Index(
            "account_links_person",
            "workspace",
            "slack_user",
            unique=True,
            sqlite_where=text("state != 'closed'"),
            postgresql_where=text("state != 'closed'"),
        ),
        Index(
            "account_links_npm_user",
            "workspace",
            "npm_user",
            unique=True,
            sqlite_where=text("state = 'linked'"),
            postgresql_where=text("state = 'linked'"),
        ),
        UniqueConstraint("workspace", "token"),
    )

    token: Mapped[str]
    slack_user: Mapped[str]
    slack_name: Mapped[str]
    slack_email: Mapped[str]
    npm_user: Mapped[str]
    npm_email: Mapped[str]
    state: Mapped[str]
    """pending, linked or closed."""
    proof: Mapped[str] = mapped_column(default="")
    confirmed_by: Mapped[str] = mapped_column(default="")
    announce_in: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime]
    sealed_session: Mapped[str] = mapped_column(default="")
    session_until: Mapped[datetime | None]
    confirmed_at: Mapped[datetime | None]
    """When the second factor was last given: a window may be open since then."""
    present_until: Mapped[datetime | None]
    """Until when they are taken to be there, since their last press, login, confirmation or call."""
    away: Mapped[bool] = mapped_column(default=False)
    """A link of npm's went unused: nothing is minted until the person presses something."""
    version: Mapped[int] = mapped_column(default=1)
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012

    @validates("npm_user", "slack_user")
    def _named(self, key: str, value: str) -> str:
        if not value:
            raise ValueError(f"an account link needs a {key}")
        return value


class HandoffRow(Base):
    """A link of npm's, given to one person by DM."""

    __tablename__ = "handoffs"
    __table_args__ = (UniqueConstraint("workspace", "token"), Index("handoffs_due", "workspace", "state"))

    token: Mapped[str]
    login: Mapped[bool]
    slack_user: Mapped[str]
    slack_name: Mapped[str] = mapped_column(default="")
    slack_email: Mapped[str] = mapped_column(default="")
    npm_user: Mapped[str]
    step_id: Mapped[int | None] = mapped_column(ForeignKey("steps.id"))
    read_id: Mapped[int | None] = mapped_column(ForeignKey("reads.id"))
    announce_in: Mapped[str] = mapped_column(default="")
    host: Mapped[str]
    sealed_auth_url: Mapped[str]
    sealed_done_url: Mapped[str]
    state: Mapped[str]
    looks: Mapped[bool] = mapped_column(default=False)
    """npm's list is to tell what became of the step's last call."""
    outcome: Mapped[str] = mapped_column(default="")
    """What came of a login, or why there is no link to send; a sentence."""
    refusal: Mapped[str] = mapped_column(default="")
    """Why a login made no link: `bot.messages.links.LinkRefusal`."""
    refused_npm_user: Mapped[str] = mapped_column(default="")
    ended_session: Mapped[bool] = mapped_column(default=False)
    """[Not me] found a session to end."""
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    next_poll_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class SurfaceRow(Base):
    """A Slack message of ours: what it shows, and whether it is behind."""

    __tablename__ = "surfaces"
    __table_args__ = (
        UniqueConstraint("workspace", "key"),
        Index("surfaces_behind", "workspace", "behind", "next_try_at"),
    )

    key: Mapped[str]
    """Kind and what it is about: `change_set:7`, `handoff:3`, `link:2:U…`."""
    urgent: Mapped[bool] = mapped_column(default=False)
    channel: Mapped[str]
    """Where it goes: a channel, or a person whose DM is opened for it."""
    posted_in: Mapped[str] = mapped_column(default="")
    ts: Mapped[str] = mapped_column(default="")
    wanted: Mapped[int] = mapped_column(default=1)
    shown: Mapped[int] = mapped_column(default=0)
    behind: Mapped[bool] = mapped_column(default=True)
    failures: Mapped[int] = mapped_column(default=0)
    problem: Mapped[str] = mapped_column(default="")
    """Slack's word for why it cannot be shown; empty while it can."""
    next_try_at: Mapped[datetime]


class LeaseRow(Base):
    """Which process a lane belongs to, and when its next call may start."""

    __tablename__ = "leases"
    __table_args__ = (UniqueConstraint("workspace", "name"),)

    name: Mapped[str]
    holder: Mapped[str]
    fencing: Mapped[int]
    expires_at: Mapped[datetime]
    next_call_at: Mapped[datetime]
    last_call: Mapped[str] = mapped_column(default="")
    """create, revoke or list: lists of people and steps take turns."""
    unreached: Mapped[int] = mapped_column(default=0)
    """How many calls running did not reach npm."""
    version: Mapped[int] = mapped_column(default=1)
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class DraftRow(Base):
    """What [Edit] fills a form with."""

    __tablename__ = "drafts"
    __table_args__ = (UniqueConstraint("workspace", "token"),)

    token: Mapped[str]
    slack_user: Mapped[str]
    content: Mapped[str]
    created_at: Mapped[datetime]


class AuditRow(Base):
    """Something that happened; never changed, never removed."""

    __tablename__ = "audit_events"
    __table_args__ = (Index("audit_by_change_set", "workspace", "change_set_id"),)

    at: Mapped[datetime]
    kind: Mapped[str]
    actor: Mapped[str]
    """A Slack id, or `npmtrust`."""
    change_set_id: Mapped[int | None]
    step_id: Mapped[int | None]
    data: Mapped[str]
    """JSON."""
