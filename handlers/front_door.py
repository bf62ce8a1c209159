"""The one way in for all that Slack sends: `http_mode` and `socket_mode` know that it is Slack's, and bring it here."""

import logging
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse

from bot.messages import acks
from bot.services import Services
from handlers.actions import ActionListener
from handlers.commands import CommandListener
from handlers.errors import ErrorListener
from handlers.home import HomeListener
from handlers.payloads import HOME_OPENED, INCOMING, parse_incoming
from handlers.views import ViewListener

_LOG = logging.getLogger(__name__)
_ANY = re.compile("")


class FrontDoor:
    """Takes what Slack sends to one workspace, whose id the database knows by now."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._errors = ErrorListener(services)
        self._bolt = self._make_bolt()

    async def dispatch(self, body: Mapping[str, Any]) -> BoltResponse:
        """Store and acknowledge a payload that is known to come from Slack."""
        try:
            incoming = parse_incoming(body)
            # Verified and decoded already, which is what Bolt's other mode is given.
            request = AsyncBoltRequest(body=dict(body), mode="socket_mode", context={INCOMING: incoming})
        except (ValueError, TypeError, LookupError, AttributeError) as err:
            return _unreadable(err)
        if incoming and incoming.team != self._services.database.workspace:
            return await self._errors.answer(incoming, acks.foreign_workspace())
        try:
            return await self._bolt.async_dispatch(request)
        except (ValueError, TypeError, LookupError, AttributeError) as err:
            # Bolt stumbles over fields that Slack always sends; what our listeners raise does not come here.
            return _unreadable(err)

    def _make_bolt(self) -> AsyncApp:
        log = logging.getLogger("slack_bolt")
        log.setLevel(logging.ERROR)  # it logs bodies, and that it found SLACK_BOT_TOKEN and does not need it
        bolt = AsyncApp(
            name="npmtrust",
            logger=log,
            authorize=_authorize,
            process_before_response=True,  # else Bolt looks only every 10 ms whether an ack is there
            raise_error_for_unhandled_request=True,  # else Bolt logs what it does not know
            request_verification_enabled=False,
            ssl_check_enabled=False,
            ignoring_self_events_enabled=False,
            attaching_function_token_enabled=False,
        )
        bolt.command(_ANY)(CommandListener(self._services).take)
        bolt.block_action(_ANY)(ActionListener(self._services).take)
        bolt.view_submission(_ANY)(ViewListener(self._services).take)
        bolt.event(HOME_OPENED)(HomeListener(self._services).take)
        bolt.view_closed(_ANY)(ViewListener.close)
        bolt.error(self._errors.take)
        return bolt


def _unreadable(error: Exception) -> BoltResponse:
    """Refuse a payload, and log no more of it than the kind of mistake."""
    _LOG.warning("A payload of Slack's is not as documented (%s)", type(error).__name__)
    return BoltResponse(status=HTTPStatus.BAD_REQUEST, body="This payload cannot be read.")


async def _authorize() -> AuthorizeResult:
    """Tell Bolt that there is nothing to ask Slack: its client is not used."""
    return AuthorizeResult(enterprise_id=None, team_id=None)
