"""Between aiohttp and the values of the simulated registry."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from urllib.parse import urlsplit

from aiohttp import web

from bot.sandbox.ports import LOOPBACK
from bot.sandbox.registry_wire import Answer, Call, Cut

_JSON = "application/json"


def is_from_here(call: Call) -> bool:
    """Tell whether no foreign page sent it: neither through a name that resolves to loopback nor by a form."""
    host = urlsplit(f"//{call.headers.get('host', '')}").hostname
    own = {f"http://{name}:{urlsplit(call.base_url).port}" for name in (LOOPBACK, "localhost")}
    return host in {LOOPBACK, "localhost"} and call.headers.get("origin", call.base_url) in own


def make_response(answer: Answer, transport: asyncio.Transport | None) -> web.Response:
    """Write an answer as HTTP; the connection ends where the answer says."""
    if answer.cut is Cut.AT_ONCE and transport:
        transport.abort()
    match answer.body:
        case bytes() as content if answer.cut is Cut.HALFWAY and transport:
            body = _break_off(content, transport)
            return web.Response(status=answer.status, body=body, content_type=_JSON, headers=answer.headers)
        case None:
            return web.Response(status=answer.status, headers=answer.headers)
        case str() as page:
            return web.Response(
                status=answer.status, text=page, content_type="text/html", charset="utf-8", headers=answer.headers
            )
        case bytes() as content:
            return web.Response(status=answer.status, body=content, content_type=_JSON, headers=answer.headers)
        case Iterator() as chunks:
            body = _one_by_one(chunks)
            return web.Response(status=answer.status, body=body, content_type=_JSON, headers=answer.headers)
        case document:
            return web.json_response(document, status=answer.status, headers=answer.headers, dumps=json.dumps)


async def _break_off(content: bytes, transport: asyncio.Transport) -> AsyncIterator[bytes]:
    """Give what there is, and end the connection when it has been sent."""
    yield content
    transport.close()


async def _one_by_one(chunks: Iterator[bytes]) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk
