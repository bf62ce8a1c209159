"""How fast Slack lets an app call: 429 `ratelimited`, with the seconds to wait in Retry-After.

Tiers are by method, workspace and app (https://docs.slack.dev/apis/web-api/rate-limits); posts go one a second and
channel, response_urls one a second each. Slack says that short bursts pass and not how long they may be: here they are
as short as an app can count on.
"""

import math
from collections import defaultdict, deque
from collections.abc import Mapping
from datetime import datetime

from bot.clock import Clock

MINUTE = 60.0
TIERS: Mapping[str, int] = {
    "auth.test": 300,
    "apps.connections.open": 50,
    "chat.postMessage": 300,
    "chat.update": 50,
    "chat.postEphemeral": 100,
    "conversations.open": 50,
    "conversations.info": 50,
    "conversations.members": 100,
    "users.info": 100,
    "usergroups.users.list": 20,
    "views.open": 100,
    "views.push": 100,
    "views.publish": 100,
    "views.update": 100,
    "files.getUploadURLExternal": 100,
    "files.completeUploadExternal": 100,
    "files.info": 100,
}
"""Calls a minute: 1, 20, 50 and 100 are Slack's tiers 1 to 4; "several hundred" of the special ones is 300."""
UNKNOWN = 20
BURST = 5
"""So many messages of one channel, or answers to one response_url, may come at once before one a second counts."""


class Pace:
    """Counts the calls of the app by the workspace's clock."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._calls: defaultdict[str, deque[datetime]] = defaultdict(deque)
        self._buckets: dict[str, tuple[float, datetime]] = {}

    def refuse_call(self, method: str, channel: str = "") -> int:
        """Count a call; tell the seconds to wait where it is one too many, else 0. Only posts name their channel."""
        now, calls = self._clock.now(), self._calls[method]
        while calls and (now - calls[0]).total_seconds() >= MINUTE:
            calls.popleft()
        if len(calls) >= TIERS.get(method, UNKNOWN):
            return max(1, math.ceil(MINUTE - (now - calls[0]).total_seconds()))
        if channel and (wait := self.refuse_post(channel)):
            return wait
        calls.append(now)
        return 0

    def refuse_post(self, place: str) -> int:
        """Count a message to a channel or an answer to a response_url; tell the seconds to wait, or 0."""
        now = self._clock.now()
        left, since = self._buckets.get(place, (float(BURST), now))
        left = min(float(BURST), left + max(0.0, (now - since).total_seconds()))
        if left < 1:
            self._buckets[place] = (left, now)
            return 1
        self._buckets[place] = (left - 1, now)
        return 0
