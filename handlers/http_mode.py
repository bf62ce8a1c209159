"""HTTP mode: Slack posts to `/slack/events` and signs what it posts."""

import logging
from http import HTTPStatus

from aiohttp import web
from pydantic import SecretStr
from slack_bolt.adapter.aiohttp import to_aiohttp_response

from bot import log
from bot.services import Services
from handlers.front_door import FrontDoor
from handlers.request_guard import Refusal, check_signature, is_certificate_check, read_body

_LOG = logging.getLogger(__name__)


class HttpMode:
    """Brings in what carries Slack's signature."""

    def __init__(self, services: Services, signing_secret: SecretStr, door: FrontDoor) -> None:
        self._services = services
        self._secret = signing_secret
        self._door = door

    async def handle(self, request: web.Request) -> web.Response:
        """Answer `POST /slack/events`."""
        try:
            body = await request.read()
        except web.RequestPayloadError:
            return _refuse(Refusal(HTTPStatus.BAD_REQUEST, "the body is broken"))
        refusal = check_signature(request.headers, body, secret=self._secret, now=self._services.clock.now())
        if refusal and is_certificate_check(request.content_type, body):
            return web.Response()
        content = refusal or read_body(request.content_type, body)
        if isinstance(content, Refusal):
            return _refuse(content)
        with log.scope():
            return await to_aiohttp_response(await self._door.dispatch(content))


def _refuse(refusal: Refusal) -> web.Response:
    _LOG.warning("A request to /slack/events was refused: %s", refusal.reason)
    return web.Response(status=refusal.status, text=refusal.reason)
