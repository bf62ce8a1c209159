"""What people were shown in order to decide on it."""

from datetime import datetime

from sqlalchemy import update

from bot.domain.ballots import Ballot
from storage.group_models import BallotRow
from storage.repository import Repository, new_token


class Ballots(Repository):
    """Each is for one person, and counts once."""

    def add(self, change_set_id: int, person: str, kind: str, ballot: Ballot, now: datetime) -> BallotRow:
        """Keep what a person is shown."""
        return self._add(
            BallotRow(
                workspace=self._workspace,
                token=new_token(),
                change_set_id=change_set_id,
                person=person,
                kind=kind,
                content=ballot.model_dump_json(),
                fingerprint=ballot.fingerprint,
                created_at=now,
            )
        )

    def find(self, token: str, person: str) -> BallotRow | None:
        """Find one by its token; nobody has another person's."""
        return self._find(BallotRow, token=token, person=person)

    def use(self, row: BallotRow, now: datetime) -> bool:
        """Let it count; False when it has counted already."""
        query = update(BallotRow).where(BallotRow.id == row.id, BallotRow.used_at.is_(None)).values(used_at=now)
        return bool(getattr(self._session.execute(query), "rowcount", 0))
