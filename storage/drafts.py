"""What [Edit] fills a form with."""

from datetime import datetime

from storage.models import DraftRow
from storage.repository import Repository, new_token


class Drafts(Repository):
    """Half-written requests; each belongs to its writer."""

    def add(self, slack_user: str, content: str, now: datetime) -> str:
        """Keep a draft and tell the value of its button."""
        token = new_token()
        self._add(
            DraftRow(workspace=self._workspace, token=token, slack_user=slack_user, content=content, created_at=now)
        )
        return token

    def find(self, token: str, slack_user: str) -> str | None:
        """Find a person's own draft."""
        query = self._select(DraftRow).where(DraftRow.token == token, DraftRow.slack_user == slack_user)
        row = self._one(query)
        return row.content if row else None
