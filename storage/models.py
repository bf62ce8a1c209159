"""The tables. Each row belongs to a workspace, and each table that is claimed has a version for compare-and-set."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column

from bot.domain.lifecycle import LastAnswer, Phase, Plan, State, Step, WaitFor
from bot.domain.line import Urgency, urgency_of
from storage.base import Base, index_some

OPEN = "state IN ('new', 'claimed')"
"""Of deliveries that are not done."""
FAILED = "state = 'failed'"
"""Of those that were given up."""


class InboxRow(Base):
    """A delivery from Slack, committed before it is acknowledged: the replay table and the promise."""

    __tablename__ = "inbox"
    __table_args__ = (
        UniqueConstraint("workspace", "delivery_key"),
        index_some("inbox_open", "workspace", "next_try_at", "id", where=OPEN),
        index_some("inbox_open_of_person", "workspace", "person", "id", where=OPEN),
        index_some("inbox_failed", "workspace", "received_at", where=FAILED),
        Index("inbox_of_person", "workspace", "person", "received_at"),
        Index("inbox_of_channel", "workspace", "channel", "received_at"),
    )

    delivery_key: Mapped[str]
    kind: Mapped[str]
    person: Mapped[str]
    """Whose it is: what one person does is done in its order."""
    channel: Mapped[str] = mapped_column(default="", server_default=text("''"))
    """Where they did it; empty in forms and in App Home."""
    sealed_payload: Mapped[str]
    """Encrypted; emptied when done."""
    received_at: Mapped[datetime]
    state: Mapped[str]
    """new, claimed, done, failed, or refused: its person, or their channel, had wanted too much."""
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
    csv_state: Mapped[str] = mapped_column(default="", server_default=text("''"))
    """Of the file of its results: wanted, sent, failed; empty while nobody has it to have."""
    version: Mapped[int] = mapped_column(default=1)
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class StepRow(Base):
    """One operation of a change set. `lifecycle` is the part that decides how it moves."""

    __tablename__ = "steps"
    __table_args__ = (
        Index("steps_due", "workspace", "state", "next_try_at"),
        Index("steps_by_package", "workspace", "package", "state"),
        Index("steps_by_change_set", "change_set_id", "position"),
        Index("steps_in_line", "workspace", "urgency", "executor", "held", "paused", "id"),
        Index("steps_of_change_set", "change_set_id", "state", "executor", "waits_for"),
        Index("steps_by_end", "change_set_id", "finished_at"),
        Index("steps_by_executor", "workspace", "executor", "state"),
    )

    change_set_id: Mapped[int] = mapped_column(ForeignKey("change_sets.id"))
    position: Mapped[int]
    package: Mapped[str]
    operation: Mapped[str]
    """JSON of `bot.domain.operations.Operation`."""
    fingerprint: Mapped[str]
    likeness: Mapped[str] = mapped_column(default="", server_default=text("''"))
    """The same for steps that ask for the same for different packages: `bot.domain.operations.group_of`."""
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
    urgency: Mapped[int] = mapped_column(default=Urgency.RESTS.value, server_default=text("9"))
    """`bot.domain.line.Urgency`: where it stands in the line."""
    paused: Mapped[bool] = mapped_column(default=False, server_default=false())
    """As its change set is, so that the line of a paused one of any size is passed over at once."""

    executor: Mapped[str] = mapped_column(default="")
    next_try_at: Mapped[datetime]
    settles_at: Mapped[datetime | None]
    """After this moment a read of npm's list is the last word on the last attempt."""
    finished_at: Mapped[datetime | None]
    policy: Mapped[str] = mapped_column(default="", server_default=text("''"))
    """Fingerprint of the policy under which its decisions fell; empty while there are none."""
    held: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Nothing is sent, though it is approved, before somebody presses [Run now]."""
    deadline: Mapped[datetime | None]
    """Its own, once somebody has pressed [Run now]; None: that of its change set."""
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
        self.urgency = urgency_of(step).value


class DecisionRow(Base):
    """One person's approval or rejection of one step, bound to the fingerprint that was seen."""

    __tablename__ = "decisions"
    __table_args__ = (
        index_some("decisions_once", "step_id", "slack_user", unique=True, where="void_at IS NULL"),
        Index("decisions_by_step", "step_id"),
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
    lane: Mapped[str] = mapped_column(default="registry", server_default=text("'registry'"))
    """In which lane it was made: the name of a lease."""
    fencing: Mapped[int]
    started_at: Mapped[datetime]
    deadline: Mapped[datetime]
    """When the call is given up; npm may act on it until then."""
    finished_at: Mapped[datetime | None]
    answer: Mapped[str] = mapped_column(default="")


class ReadRow(Base):
    """A list of one package's configurations through one person's account."""

    __tablename__ = "reads"
    __table_args__ = (
        Index("reads_due", "workspace", "state", "next_try_at"),
        Index("reads_by_batch", "batch"),
        Index("reads_in_line", "workspace", "slack_user", "state", "id"),
        Index("reads_of_survey", "survey_id", "id"),
    )

    batch: Mapped[str]
    """Which `list` asked; of a look, the step's id behind `look:`."""
    package: Mapped[str]
    slack_user: Mapped[str]
    step_id: Mapped[int | None] = mapped_column(ForeignKey("steps.id"))
    """Of a look."""
    state: Mapped[str]
    """ready, calling, waiting, done or failed; queued before its turn, where it is one of many."""
    facts: Mapped[str]
    """JSON of the package's public facts at the time of asking; empty for a look, and for one of many."""
    result: Mapped[str] = mapped_column(default="")
    """JSON of the configurations."""
    problem: Mapped[str] = mapped_column(default="")
    survey_id: Mapped[int | None] = mapped_column(default=None)
    """Row id in `surveys`, where it is one of many."""
    before: Mapped[str] = mapped_column(default="", server_default=text("''"))
    """JSON of the configurations that were known just before it was read; empty where none were."""
    created_at: Mapped[datetime]
    deadline: Mapped[datetime]
    next_try_at: Mapped[datetime]
    read_at: Mapped[datetime | None]
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
    claim: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    """The number of the newest claim: who sends under an older one has slept over it."""
    claimed_until: Mapped[datetime | None] = mapped_column(default=None)
    """While somebody sends it; nobody else does before this moment."""


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
    pace_ms: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    """Milliseconds: the pace in force, where npm has made it slower than it was set."""
    steady: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    """How many answers running came at this pace."""
    slowed_at: Mapped[datetime | None]
    """When npm last said that it was too fast; None once it goes as it was set."""
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
