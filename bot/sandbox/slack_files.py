"""Files in the local Slack: announced, uploaded, shared in a message, downloaded by people at the page.

As Slack does it (https://docs.slack.dev/messaging/working-with-files): an upload goes to an address that is a secret
and needs no token, and nobody sees the file before it is shared.
"""

import hmac
import secrets
from dataclasses import dataclass, field
from http import HTTPStatus

from aiohttp import web

from bot.sandbox.slack_state import JsonObject

FILE_BYTES = 64 * 1024 * 1024


@dataclass(slots=True, eq=False)
class SlackFile:
    """A file of the bot."""

    id: str
    name: str
    size: int
    """In bytes, as it was announced."""
    title: str = ""
    content: bytes | None = None
    """None until it was uploaded."""
    channel: str = ""
    """Where it was shared; empty: nobody sees it."""
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
