"""Events that Slack tells the app of, and tells again when it does not hear a 2xx within three seconds.

https://docs.slack.dev/apis/events-api: three times again, at once, after a minute and after five; `X-Slack-No-Retry`
stops that. By Socket Mode no schedule is documented, and nothing is told again.
"""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.clock import Clock
from bot.sandbox import cast
from bot.sandbox.slack_delivery import TIMEOUT, Courier, Delivered, RawDelivery
from bot.sandbox.slack_state import APP_ID, JsonObject

PAUSES = (timedelta(), timedelta(minutes=1), timedelta(minutes=5))
"""What passes before each repetition, since the one before it."""


@dataclass(frozen=True, slots=True)
class _Repetition:
    """An event to be told again."""

    body: JsonObject
    number: int
    """1 for the first repetition."""
    at: datetime
    why: str


class Events:
    """Tells events, and keeps those that are to be told again."""

    def __init__(self, clock: Clock, courier: Courier) -> None:
        self._clock = clock
        self._courier = courier
        self.waiting: list[_Repetition] = []
        """What is told again when it is due: `retry_due`."""

    async def tell(self, event: Mapping[str, object]) -> Delivered:
        """Tell the app of an event, as the inner object of Slack's documents has it."""
        body: JsonObject = {
            "type": "event_callback",
            "token": "replaced-by-signatures",
            "team_id": cast.TEAM_ID,
            "api_app_id": APP_ID,
            "event": dict(event),
            "event_id": f"Ev{secrets.token_hex(5).upper()}",
            "event_time": int(self._clock.now().timestamp()),
            "authorizations": [{"team_id": cast.TEAM_ID, "user_id": cast.BOT_USER_ID, "is_bot": True}],
        }
        delivered = await self._send(_Repetition(body, 0, self._clock.now(), ""))
        await self.retry_due()  # the first repetition comes at once
        return delivered

    async def retry_due(self) -> None:
        """Tell again what is due by now."""
        while due := [one for one in self.waiting if one.at <= self._clock.now()]:
            self.waiting.remove(due[0])
            await self._send(due[0])

    async def _send(self, told: _Repetition) -> Delivered:
        if self._courier.socket_mode:
            return await self._courier.send_event(told.body)
        raw = self._courier.sign(json.dumps(told.body).encode())
        headers = {**raw.headers, "Content-Type": "application/json"}
        if told.number:
            headers |= {"X-Slack-Retry-Num": str(told.number), "X-Slack-Retry-Reason": told.why}
        raw = RawDelivery(headers, raw.body)
        self._courier.deliveries.append(raw)
        delivered = await self._courier.send(raw)
        if delivered.error and not delivered.stops_retries and told.number < len(PAUSES):
            why = (
                "http_timeout"
                if delivered.error == TIMEOUT
                else "http_error"
                if delivered.status
                else "connection_failed"
            )
            at = self._clock.now() + PAUSES[told.number]
            self.waiting.append(replace(told, number=told.number + 1, at=at, why=why))
        return delivered
