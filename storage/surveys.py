"""The lists of many packages that people asked for, and what came of each package."""

from datetime import datetime

from sqlalchemy import func, select, update

from storage.models import ReadRow
from storage.repository import Repository
from storage.survey_models import SurveyRow

QUEUED = "queued"
"""The state of a read that waits behind everything for which somebody sits there."""

_OPEN_READS = (QUEUED, "ready", "waiting")


class Surveys(Repository):
    """One row for each `list` of many packages."""

    def add(self, survey: SurveyRow) -> SurveyRow:
        """Store a wish."""
        return self._add(survey)

    def load(self, survey_id: int) -> SurveyRow | None:
        """Load by row id."""
        return self._get(SurveyRow, survey_id)

    def find_token(self, token: str) -> SurveyRow | None:
        """Find by the value that its buttons carry."""
        return self._find(SurveyRow, token=token)

    def find_delivery(self, inbox_id: int) -> SurveyRow | None:
        """Find what a delivery has asked for already."""
        return self._find(SurveyRow, inbox_id=inbox_id)

    def list_open_of(self, person: str) -> list[SurveyRow]:
        """List those of a person that still read, oldest first."""
        query = self._select(SurveyRow).where(SurveyRow.person == person, SurveyRow.state == "reading")
        return self._all(query.order_by(SurveyRow.id))

    def list_overdue(self, now: datetime) -> list[SurveyRow]:
        """List those whose time is over."""
        return [row for row in self._list(SurveyRow, state="reading") if row.deadline <= now]

    def list_files_wanted(self) -> list[SurveyRow]:
        """List those whose file is to be sent, oldest first."""
        return self._list(SurveyRow, csv_state="wanted")

    def end_reads(self, survey_id: int, why: str) -> int:
        """Let nothing more of it be read, but for a call that is under way; tell how many are left out by that."""
        self._session.flush()
        reads = update(ReadRow).where(ReadRow.workspace == self._workspace, ReadRow.survey_id == survey_id)
        ended = reads.where(ReadRow.state.in_(_OPEN_READS)).values(state="failed", problem=why)
        found = select(func.count(ReadRow.id)).where(
            ReadRow.workspace == self._workspace, ReadRow.survey_id == survey_id, ReadRow.state.in_(_OPEN_READS)
        )
        number = self._session.scalar(found) or 0
        self._session.execute(ended.execution_options(synchronize_session=False))
        for row in self._session.identity_map.values():
            if isinstance(row, ReadRow):
                self._session.expire(row, ["state", "problem"])
        return number

    def list_reads(self, survey_id: int, *, after: int = 0, limit: int | None = None) -> list[ReadRow]:
        """List its packages in their order, from one place on."""
        query = self._select(ReadRow).where(ReadRow.survey_id == survey_id).order_by(ReadRow.id)
        return self._all(query.offset(after).limit(limit))

    def count_since(self, survey_id: int, since: datetime) -> int:
        """Count its packages that were read since a moment."""
        query = select(func.count(ReadRow.id)).where(
            ReadRow.workspace == self._workspace, ReadRow.survey_id == survey_id, ReadRow.read_at >= since
        )
        return self._session.scalar(query) or 0

    def count_problems(self, survey_id: int, limit: int) -> list[tuple[str, int]]:
        """Tell why packages could not be read, the commonest reason first."""
        number = func.count(ReadRow.id)
        query = select(ReadRow.problem, number).where(
            ReadRow.workspace == self._workspace, ReadRow.survey_id == survey_id, ReadRow.state == "failed"
        )
        found = self._session.execute(query.group_by(ReadRow.problem).order_by(number.desc()).limit(limit))
        return [(problem, times) for problem, times in found]
