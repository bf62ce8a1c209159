"""The least that can be done with Bolt: ack a command, or commit one row and ack it. What `acks` compares the bot with.

python -m tests.bench.bolt_app PORT SIGNING_SECRET TOKEN SLACK_API_URL [DATABASE_URL]
"""

import asyncio
import sys

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient
from sqlalchemy import Engine, text

from storage.database import Database


async def serve(port: int, signing_secret: str, token: str, slack_api_url: str, database_url: str = "") -> None:
    """Serve until the process is killed."""
    bolt = AsyncApp(signing_secret=signing_secret, client=AsyncWebClient(token, base_url=slack_api_url))
    database = Database(database_url) if database_url else None
    if database is not None:
        await database.call(_make_table)

    async def take(ack: AsyncAck, body: dict[str, str]) -> None:
        if database is not None:
            await database.call(lambda engine: _insert(engine, body["text"]))
        await ack()

    async def handle(request: web.Request) -> web.Response:
        return await to_aiohttp_response(await bolt.async_dispatch(await to_bolt_request(request)))

    bolt.command("/npmtrust")(take)
    server = web.Application()
    server.router.add_post("/slack/events", handle)
    runner = web.AppRunner(server, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    sys.stdout.write("listens\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


def _make_table(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE acks (content TEXT NOT NULL)"))


def _insert(engine: Engine, content: str) -> None:
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO acks (content) VALUES (:content)"), {"content": content})


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), *sys.argv[2:]))
