"""The rules that Slack's own SDK knows of blocks and views, run beside ours on each payload.

It misses what `slack_blocks` lists (51 blocks, empty texts, unknown properties, doubled ids, …) and knows other things;
what either refuses is refused.
"""

import json
from functools import lru_cache
from typing import Any

from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

REMEMBERED = 512


def refuse_by_sdk(payload: list[dict[str, Any]] | dict[str, Any]) -> list[str]:
    """List what the SDK says of the blocks of a message, or of a view, that passed our own rules."""
    return list(_judge(json.dumps(payload, sort_keys=True)))


@lru_cache(maxsize=REMEMBERED)
def _judge(text: str) -> tuple[str, ...]:
    """Judge each payload once: a message is sent again and again while it hardly changes."""
    payload = json.loads(text)
    try:
        if isinstance(payload, dict):
            View(**payload).to_dict()  # which validates all that is inside
        else:
            for block in Block.parse_all(payload):
                block.to_dict()
    except SlackObjectFormationError as err:
        return (f"[ERROR] {err}",)
    return ()
