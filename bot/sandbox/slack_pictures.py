"""Pictures that image blocks show: files that the app has uploaded, and that Slack has looked at since.

Slack refuses a block whose file it has not looked at yet (`mimetype` is empty until then), or that is no picture:
https://docs.slack.dev/reference/block-kit/composition-objects/slack-file-object.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from bot.sandbox.slack_files import SlackFile
from bot.sandbox.slack_state import JsonObject

LOOKED_AT_AFTER = timedelta(seconds=1)
"""Since the upload was completed; Slack says no number."""

_KINDS = {b"\x89PNG": "image/png", b"\xff\xd8\xff": "image/jpeg", b"GIF8": "image/gif"}


def mimetype_of(file: SlackFile, now: datetime) -> str:
    """Tell what Slack says of a file: nothing before it has looked at it."""
    if file.content is None or file.completed_at is None or now < file.completed_at + LOOKED_AT_AFTER:
        return ""
    kinds = (kind for mark, kind in _KINDS.items() if file.content.startswith(mark))
    return next(kinds, "application/octet-stream")


def check_pictures(blocks: Iterable[JsonObject], files: Mapping[str, SlackFile], now: datetime) -> list[str]:
    """List the image blocks whose file cannot be shown."""
    return [
        f"[ERROR] invalid slack file [json-pointer:/blocks/{number}/slack_file]"
        for number, file_id in _pictures_of(blocks)
        if file_id not in files or not mimetype_of(files[file_id], now).startswith("image/")
    ]


def show_pictures(blocks: Iterable[JsonObject], files: Mapping[str, SlackFile], channel: str) -> None:
    """Let the members of a channel see what its messages show."""
    for _, file_id in _pictures_of(blocks):
        files[file_id].shown_in.add(channel)


def _pictures_of(blocks: Iterable[JsonObject]) -> Iterator[tuple[int, str]]:
    for number, block in enumerate(blocks):
        file: Any = block.get("slack_file") if block.get("type") == "image" else None
        if file:
            yield number, str(file.get("id") or "")
