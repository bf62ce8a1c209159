"""What a call to Slack can come to, and where errors of slack_sdk and aiohttp become that.

SlackError
├── SlackUnavailable  try again
├── SlackThrottled    try again after a pause
└── SlackRefused      Slack said no
"""

from http import HTTPStatus

import aiohttp
from slack_sdk.errors import SlackClientError
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.errors import SlackError

FOREIGN_ERRORS = (SlackClientError, aiohttp.ClientError, OSError, LookupError, TypeError, AttributeError, ValueError)
"""What slack_sdk and aiohttp raise; the last four are what an answer of an unexpected shape ends in."""

_TRANSIENT = frozenset({"fatal_error", "internal_error", "request_timeout", "service_unavailable", "team_added_to_org"})
_DEFAULT_WAIT = 30.0


class SlackUnavailable(SlackError):
    """Slack did not answer, or with something that is no answer."""


class SlackThrottled(SlackError):
    """Slack asks for a pause of `retry_after` seconds."""

    def __init__(self, retry_after: float) -> None:
        super().__init__(f"Slack asks to wait {retry_after:g} s")
        self.retry_after = retry_after


class SlackRefused(SlackError):
    """Slack understood and said no: `code` is its word for it, such as `channel_not_found`."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code} ({detail})" if detail else code)
        self.code = code


def map_error(error: Exception) -> SlackError:
    """Say in our words what slack_sdk or aiohttp raised."""
    response = getattr(error, "response", None)
    if not isinstance(response, AsyncSlackResponse):
        return SlackUnavailable(f"no readable answer ({type(error).__name__})")
    body = response.data if isinstance(response.data, dict) else {}
    code = str(body.get("error", ""))
    if response.status_code == HTTPStatus.TOO_MANY_REQUESTS or code == "ratelimited":
        return SlackThrottled(_wait(response.headers.get("Retry-After")))
    if not code or code in _TRANSIENT or response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return SlackUnavailable(f"{code or 'no readable answer'} (status {response.status_code})")
    hints = (body.get("response_metadata") or {}).get("messages") or ()
    return SlackRefused(code, "; ".join(map(str, hints)))


def check_answer(status: int, retry_after: str | None) -> None:
    """Read the status of an answer to a response_url or an upload, which has no error word of its own."""
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        raise SlackThrottled(_wait(retry_after))
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise SlackUnavailable(f"an address of Slack's answered with status {status}")
    if status != HTTPStatus.OK:
        raise SlackRefused("address_refused", f"status {status}")


def _wait(retry_after: str | None) -> float:
    try:
        return max(1.0, float(retry_after or ""))
    except ValueError:
        return _DEFAULT_WAIT
