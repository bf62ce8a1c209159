"""Policies that were loaded, and those that decisions were made under."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from itertools import islice

from sqlalchemy import func, select

from bot.domain.lifecycle import OPEN_STATES, Phase, State
from storage.models import ChangeSetRow, StepRow
from storage.policy_models import PolicyLoadRow, PolicyRow
from storage.repository import Repository


class Policies(Repository):
    """What was in force when."""

    def note_load(self, digest: str, *, file: str, problem: str, rules: int, now: datetime) -> PolicyLoadRow | None:
        """Store that a file was read; None where the newest row says the same already."""
        newest = self._one(self._select(PolicyLoadRow).order_by(PolicyLoadRow.id.desc()))
        if newest is not None and (newest.digest, newest.problem) == (digest, problem):
            return None
        return self._add(
            PolicyLoadRow(
                workspace=self._workspace, digest=digest, file=file, problem=problem, rules=rules, loaded_at=now
            )
        )

    def find_load(self, load_id: int) -> PolicyLoadRow | None:
        """Load by row id."""
        return self._get(PolicyLoadRow, load_id)

    def keep(self, policies: Mapping[str, str]) -> None:
        """Store the content of policies, by fingerprint, that are not stored yet."""
        known = set(self.load(policies))
        for fingerprint in policies.keys() - known:
            self._add(PolicyRow(workspace=self._workspace, fingerprint=fingerprint, content=policies[fingerprint]))

    def load(self, fingerprints: Iterable[str]) -> dict[str, str]:
        """Load the content of policies, by fingerprint."""
        rows = self._all(self._select(PolicyRow).where(PolicyRow.fingerprint.in_(set(fingerprints))))
        return {row.fingerprint: row.content for row in rows}

    def count_open(self, requester: str) -> int:
        """Count somebody's change sets that have not ended."""
        query = (
            select(func.count(func.distinct(StepRow.change_set_id)))
            .join(ChangeSetRow, ChangeSetRow.id == StepRow.change_set_id)
            .where(ChangeSetRow.workspace == self._workspace, ChangeSetRow.requester == requester)
            .where(StepRow.state.in_([state.value for state in OPEN_STATES]))
        )
        return self._session.scalar(query) or 0

    def count_packages(self, requester: str, since: datetime) -> int:
        """Count the packages that somebody has asked for since a moment."""
        query = (
            select(func.count())
            .select_from(StepRow)
            .join(ChangeSetRow, ChangeSetRow.id == StepRow.change_set_id)
            .where(ChangeSetRow.workspace == self._workspace, ChangeSetRow.requester == requester)
            .where(ChangeSetRow.created_at >= since)
        )
        return self._session.scalar(query) or 0

    def find_outdated(self, states: Iterable[str], fingerprint_of: Callable[[str], str], limit: int) -> list[StepRow]:
        """Find steps that were decided under another policy than is in force; what has begun is finished as approved.

        Args:
            states: In which they are.
            fingerprint_of: Tells that of the policy in force, by package.
            limit: How many at most.
        """
        columns = select(StepRow.id, StepRow.package, StepRow.policy).where(
            StepRow.workspace == self._workspace,
            StepRow.state.in_(list(states)),
            StepRow.policy != "",
            StepRow.phase == Phase.FIRST.value,
            StepRow.maybe_acted.is_(False),
        )
        decided = self._session.execute(columns.order_by(StepRow.id))
        found = (step_id for step_id, package, policy in decided if policy != fingerprint_of(package))
        ids = list(islice(found, limit))
        return self._all(self._select(StepRow).where(StepRow.id.in_(ids)).order_by(StepRow.id)) if ids else []

    def in_review(self) -> list[int]:
        """List the change sets of which something waits for decisions, by row id."""
        query = select(StepRow.change_set_id).where(StepRow.workspace == self._workspace)
        return list(self._session.scalars(query.where(StepRow.state == State.IN_REVIEW.value).distinct()))
