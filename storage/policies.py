"""Policies that were loaded, and those that decisions were made under."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import func, select

from bot.domain.lifecycle import OPEN_STATES, State
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

    def find_outdated(self, states: Iterable[str], current: Mapping[str, str], limit: int) -> list[StepRow]:
        """Find steps that were decided under another policy than is in force.

        Args:
            states: In which they are.
            current: The fingerprint in force, by package.
            limit: How many at most.
        """
        query = self._select(StepRow).where(StepRow.state.in_(list(states)), StepRow.policy != "")
        found = (row for row in self._session.scalars(query.order_by(StepRow.id)) if row.policy != current[row.package])
        return [row for row, _ in zip(found, range(limit), strict=False)]

    def decided_packages(self, states: Iterable[str]) -> list[str]:
        """List the packages of steps that somebody has decided on."""
        query = select(StepRow.package).where(StepRow.workspace == self._workspace, StepRow.policy != "")
        return list(self._session.scalars(query.where(StepRow.state.in_(list(states))).distinct()))

    def in_review(self) -> list[int]:
        """List the change sets of which something waits for decisions, by row id."""
        query = select(StepRow.change_set_id).where(StepRow.workspace == self._workspace)
        return list(self._session.scalars(query.where(StepRow.state == State.IN_REVIEW.value).distinct()))
