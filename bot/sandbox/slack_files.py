"""Files in the local Slack: of the bot, which people download at the page, and of people, which the bot downloads.

As Slack does it (https://docs.slack.dev/messaging/working-with-files): an upload of the bot goes to an address that is
a secret and needs no token, and nobody sees the file before it is shared. What a person puts into a form has an
address that wants the bot's token; without it Slack shows its login page.
"""

import hmac
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from urllib.parse import quote

from aiohttp import web

from bot.sandbox.slack_state import JsonObject

FILE_BYTES = 64 * 1024 * 1024


@dataclass(slots=True, eq=False)
class SlackFile:
    """A file of the bot, or one that a person put into a form."""

    id: str
    name: str
    size: int
    """In bytes, as it was announced."""
    title: str = ""
    content: bytes | None = None
    """None until it was uploaded."""
    channel: str = ""
    """Where it was shared; empty: nobody sees it."""
    shown_in: set[str] = field(default_factory=set)
    """Channels in which image blocks show it."""
    completed_at: datetime | None = None
    """When the app said that the upload is complete."""
    owner: str = ""
    """The person who put it into a form; empty: it is the bot's."""
    secret: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)

    def as_slack(self) -> JsonObject:
        """Render it as messages show it."""
        return {"id": self.id, "name": self.name, "title": self.title or self.name, "size": self.size}


class Files:
    """All files of the workspace, and the address that takes uploads."""

    def __init__(self) -> None:
        self.base = ""
        """Address of this server, without a slash at its end."""
        self.by_id: dict[str, SlackFile] = {}

    def routes(self) -> list[web.RouteDef]:
        """List what takes uploads."""
        return [web.post("/upload/{id}/{secret}", self._take)]

    def keep(self, owner: str, name: str, content: bytes) -> SlackFile:
        """Keep what a person has put into a form."""
        file = self.announce(name, len(content))
        file.owner, file.content = owner, content
        return file

    def describe(self, file: SlackFile) -> JsonObject:
        """Render it as `files.info` and the payloads of forms show it."""
        address = f"{self.base}/files-pri/{file.id}/download/{quote(file.name)}"
        facts = {"user": file.owner, "mode": "hosted", "is_external": False, "filetype": file.name.rpartition(".")[2]}
        return {**file.as_slack(), **facts, "url_private": address, "url_private_download": address}

    def announce(self, name: str, size: int) -> SlackFile:
        """Make room for a file of so many bytes."""
        file = SlackFile(f"F{secrets.token_hex(5).upper()}", name, size)
        self.by_id[file.id] = file
        return file

    def upload_url(self, file: SlackFile) -> str:
        """Tell where the content goes."""
        return f"{self.base}/upload/{file.id}/{file.secret}"

    async def _take(self, request: web.Request) -> web.Response:
        """Take the content as raw bytes, once, as long as it was announced."""
        file = self.by_id.get(request.match_info["id"])
        if file is None or not hmac.compare_digest(file.secret, request.match_info["secret"]):
            return web.Response(status=HTTPStatus.NOT_FOUND, text="no such upload")
        content = bytearray()
        async for chunk in request.content.iter_any():
            content += chunk
            if len(content) > file.size:
                break
        if len(content) != file.size or file.content is not None:
            return web.Response(status=HTTPStatus.BAD_REQUEST, text="not what was announced")
        file.content = bytes(content)
        return web.Response(text=f"OK - {file.size}")
