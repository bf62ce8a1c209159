"""The small world in which one step lives while every path through it is walked."""

from enum import StrEnum
from typing import NamedTuple, TypeAlias

from bot.domain.lifecycle import Call, Phase, Plan, Step


class Thing(StrEnum):
    """A configuration that may stand at npm."""

    OURS = "the wanted one, created by this step"
    THEIRS = "the wanted one, created by somebody else"
    FOREIGN = "one that overlaps the wanted one"
    OLD = "the old one"
    RESTORED = "the old one, created again by this step"


Things: TypeAlias = frozenset[Thing]
WANTED: Things = frozenset({Thing.OURS, Thing.THEIRS})
OLD: Things = frozenset({Thing.OLD, Thing.RESTORED})
NOTHING: Things = frozenset()


class Account(StrEnum):
    """How npm treats an approver's account."""

    FINE = "may write"
    BLIND = "403 to everything"
    HIDING = "reads; 403 to a create, 404 to a revoke"


class Created(StrEnum):
    """How far a create of the present target came. LOST, REVOKED, LOOKED and again is the one exempt trace."""

    NOT = "npm accepted none"
    ANSWERED = "npm accepted it and said so"
    LOST = "npm accepted it, the answer was lost"
    REVOKED = "then somebody else revoked it"
    LOOKED = "then a settled list did not show it"


class World(NamedTuple):
    """Everything that decides what can happen next."""

    step: Step
    standing: Things
    visible: frozenset[Things]
    accounts: tuple[Account, ...]
    tried: int = 0
    """How many of the accounts npm has refused in this round."""
    settled: bool = True
    in_flight: Things = NOTHING
    """The targets of calls whose answer was lost and on which npm may still act."""
    created: Created = Created.NOT
    revoked: bool = False
    """npm accepted this step's revoke."""
    approved: bool = False
    cancelled: bool = False
    """Somebody cancelled and was told that it holds."""
    late: bool = False
    faults: int = 3
    outside: int = 2
    doubts: int = 1

    @property
    def target(self) -> Thing:
        """What the next call creates or revokes."""
        if self.step.call is Call.REVOKE:
            return Thing.OLD
        return Thing.RESTORED if self.step.phase is Phase.RESTORE else Thing.OURS

    @property
    def executor(self) -> Account:
        """The next account of the round; where all were refused, there is none that may do anything."""
        return (*self.accounts, Account.BLIND)[self.tried]

    @property
    def looked_for(self) -> Things:
        """What a read of the list looks for."""
        return {Thing.OLD: frozenset({Thing.OLD}), Thing.RESTORED: OLD, Thing.OURS: WANTED}[self.target]

    @property
    def another_account(self) -> bool:
        """Whether an account is left to try in this round."""
        return self.tried < len(self.accounts)

    def with_account_tried(self) -> "World":
        """Mark the executor's account as tried."""
        return self._replace(tried=min(self.tried + 1, len(self.accounts)))

    def with_standing(self, standing: Things) -> "World":
        """Change what stands; a list may show it from now on, or still what stood before."""
        return self._replace(standing=standing, visible=self.visible | {standing})

    def in_next_phase(self) -> "World":
        """Forget what tells of one phase only, or of the first: a replace that has begun goes on, want it or not."""
        return self._replace(created=Created.NOT, revoked=False, cancelled=False, late=False, doubts=0)

    def in_the_way_of(self, thing: Thing) -> Things:
        """What makes npm answer 409 to a create. The old one overlaps the wanted one where it is revoked first."""
        match thing:
            case Thing.RESTORED:
                return OLD | WANTED
            case Thing.FOREIGN:
                return WANTED | {Thing.FOREIGN}
            case _:
                overlapping = OLD if self.step.plan is Plan.REVOKE_THEN_CREATE else NOTHING
                return WANTED | {Thing.FOREIGN} | overlapping

    def act(self, created: Created, target: Thing | None = None) -> "World | None":
        """Let npm carry out a call, by default the step's next one; None where it refuses."""
        target = target or self.target
        if target is Thing.OLD:
            gone = self.standing - {target}
            return self.with_standing(gone)._replace(revoked=True) if target in self.standing else None
        if self.standing & self.in_the_way_of(target):
            return None
        return self.with_standing(self.standing | {target})._replace(created=created)
