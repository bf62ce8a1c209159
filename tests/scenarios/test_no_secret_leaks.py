"""A rich day with the bot, and then a search for every secret that was issued in it, everywhere but where it belongs.

Npm issues sessions, one-time passwords and links; the operator has the tokens of Slack and the key; people paste what
they should not. Links stand in the DM of their person while they are open, and nowhere else.
"""

import asyncio
import base64
import logging
import re
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiohttp
import pytest

from bot import log
from bot.cli import main
from bot.sandbox.cast import GENERAL, PEOPLE
from bot.sandbox.world import APP_TOKEN, BOT_TOKEN, SIGNING_SECRET, World, open_world
from storage.sealed import about_session
from tests.postgres import find_program
from tests.scenarios import stored
from tests.scenarios.asking import ask, link_olga

pytestmark = pytest.mark.anyio

PASTED = ("941204", "npm_pastedByMistake")


@pytest.fixture(autouse=True)
def logged_in_full() -> Iterator[None]:
    """Have every line of our own logged, as an operator may who looks for a fault."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    for handler in handlers:
        root.removeHandler(handler)
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
async def world(
    prepared_folder: Path, database_settings: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[World]:
    async with open_world(prepared_folder, socket_mode=False, **database_settings) as opened:
        file = f"sqlite:///{prepared_folder / 'npmtrust.sqlite3'}"
        monkeypatch.setenv("NPMTRUST_DATABASE_URL", database_settings.get("NPMTRUST_DATABASE_URL", file))
        monkeypatch.setenv("NPMTRUST_SECRET_KEYS", opened.secret_key)
        yield opened


def issued_by_npm(world: World) -> set[str]:
    handoffs = world.registry.state.handoffs.values()
    return {handoff.id for handoff in handoffs} | {handoff.token for handoff in handoffs if handoff.token}


def found_in(where: str, known: set[str]) -> list[str]:
    """Search for secrets as they are, and in base64, which is how the inside of a larger one may stand somewhere."""
    shapes = {(secret, secret) for secret in known} | {
        (secret, base64.b64encode(secret.encode()).decode().rstrip("=")) for secret in known if len(secret) > 8
    }
    return sorted({secret for secret, shape in shapes if _stands_in(where, shape)})


def _stands_in(where: str, shape: str) -> bool:
    """Six digits stand by chance in a digest, or in the fraction of a second: those count by themselves alone."""
    return shape in where and (not shape.isdecimal() or bool(re.search(rf"(?<![\w.]){shape}(?!\w)", where)))


def test_six_digits_are_found_where_they_stand_by_themselves() -> None:
    for where in ("--otp 941204", "--otp=941204 x", '"941204"', "941204\n", "(941204)"):
        assert found_in(where, {"941204"}) == ["941204"], where
    for where in ("0a941204ff", "14:05:09.941204+00:00", "9412045", "1941204"):
        assert found_in(where, {"941204"}) == [], where


async def live_a_day(world: World) -> None:
    """Link, ask, approve, put off, confirm, read, look at one's own, say no, log out."""
    rita, otto, _, sam = await ask(world)
    olga = await link_olga(world)
    await rita.says(f"github @acme/ui --repo acme/ui --file x.yml --otp {PASTED[0]}")
    await rita.says(f"github @acme/ui --repo acme/ui --file {PASTED[1]}.yml --reason {PASTED[1]}")
    await sam.clicks("Approve")
    await otto.clicks("Approve")
    await otto.clicks("Later", "dm")
    await otto.clicks("I'm ready", "dm")
    await otto.confirms(remember=True)
    await rita.says("replace @acme/ui --from-repo acme/ui with github --file other.yml --repo acme/ui")
    await otto.clicks("Look")
    await world.advance(minutes=10)
    await otto.says("list @acme/tokens")
    await otto.clicks("Not me", "dm") if otto.sees_button("Not me", "dm") else None
    await olga.says("login")
    await olga.logs_in()
    await olga.says("whoami")
    await rita.says("watch @acme/*")
    await world.advance(days=7)
    await otto.says("audit --csv")
    await otto.says("doctor")
    await olga.says("logout")


def exports(world: World, capsys: pytest.CaptureFixture[str]) -> str:
    """Copy and export everything, at the machine."""
    shown = ""
    for line in ("audit export --csv", "audit export --json", "audit verify", "keys rotate"):
        assert main(line.split()) == 0
        shown += capsys.readouterr().out
    return shown + copy_of(world)


def copy_of(world: World) -> str:
    """Back up; a server's database as its own program does, in a form that can be read."""
    if url := world.settings.get("NPMTRUST_DATABASE_URL"):
        program = find_program("pg_dump")
        assert program
        return subprocess.run([program, "--inserts", url], check=True, capture_output=True, text=True).stdout
    copy = world.folder / "copy"
    assert main(["backup", str(copy)]) == 0
    return copy.read_bytes().decode("latin-1")


@pytest.mark.both_databases
async def test_no_secret_stands_where_it_does_not_belong(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    log.configure("json", "DEBUG")
    await live_a_day(world)
    assert world.app is not None
    services = world.app.services
    of_npm = issued_by_npm(world)
    link = await services.database.run(lambda store: store.links.find_linked("U0OTTO"))
    assert link is None or not link.sealed_session or services.vault.unseal(link.sealed_session, about_session(link))
    assert len(of_npm) > 8
    secrets = of_npm | {BOT_TOKEN, APP_TOKEN, SIGNING_SECRET, world.secret_key}

    logged = capsys.readouterr()
    assert '"logger": "bot.workflow.receive"' in logged.err
    assert found_in(logged.err + logged.out, secrets | set(PASTED)) == []
    assert found_in(await stored.everything(world), secrets | {PASTED[0]}) == []
    assert found_in(await asyncio.to_thread(exports, world, capsys), secrets | {PASTED[0]}) == []
    files = "".join((file.content or b"").decode("latin-1") for file in world.slack.files.values())
    assert "record.exported" in files
    assert found_in(files, secrets | {PASTED[0]}) == []
    async with aiohttp.ClientSession() as session:
        for path in ("healthz", "readyz", "metrics"):
            async with session.get(f"http://127.0.0.1:{world.app.port}/{path}") as page:
                assert found_in(await page.text(), secrets) == []


async def test_a_link_stands_in_the_dm_of_its_person_alone_and_only_while_it_is_open(world: World) -> None:
    _, otto, _, _ = await ask(world)
    await otto.clicks("Approve")
    opened = issued_by_npm(world)
    for character in PEOPLE:
        person = world.person(character)
        for channel in (GENERAL[0], "dm"):
            shown = "".join(str(message.blocks) + message.text for message in person.messages(channel))
            leaked = found_in(shown, opened)
            assert len(leaked) == (1 if channel == "dm" and person.id == otto.id else 0), leaked
    await otto.confirms()
    shown = "".join(str(message.blocks) + message.text for message in otto.messages("dm"))
    assert found_in(shown, issued_by_npm(world)) == []


async def test_a_session_is_sealed_for_its_own_row(world: World) -> None:
    _, _, _, sam = await ask(world)
    assert world.app is not None
    vault = world.app.services.vault
    [link] = await world.app.services.database.run(lambda store: store.links.list_linked())
    assert vault.unseal(link.sealed_session, about_session(link)).get_secret_value() in issued_by_npm(world)
    # Somebody who owns the database gives Otto's session, link and all, to Sam: nothing of it can be used.
    await stored.write(world, "UPDATE account_links SET slack_user = 'U0SAM', npm_user = 'sam-npm'")
    await sam.says("list @acme/ui")
    assert [call.status for call in world.trust_calls()] == []
