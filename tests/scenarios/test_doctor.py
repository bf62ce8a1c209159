"""`/npmtrust doctor` and `npmtrust check`: the same look, from inside and outside of the running bot."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from cryptography.fernet import Fernet

from bot.app import check_installation
from bot.clock import Clock
from bot.domain.findings import Finding, Verdict
from bot.sandbox.cast import RANDOM, RELEASES
from bot.sandbox.exchanges import Stage
from bot.sandbox.registry import SimulatedRegistry
from bot.sandbox.slack import LocalSlack
from bot.sandbox.world import BOT_TOKEN, SIGNING_SECRET, ManualClock, World
from bot.settings import Settings
from bot.workflow.checkup import check
from tests.scenarios.asking import people
from tests.scenarios.policies import OWNERS

pytestmark = pytest.mark.anyio

ALL = {
    "Settings": "ok",
    "Database": "ok",
    "Keys": "ok",
    "Disk": "ok",
    "Slack token": "ok",
    "Slack scopes": "ok",
    "Clock and Slack": "ok",
    "Channel": "ok",
    "Admins": "ok",
    "Registry": "ok",
    "Clock and registry": "ok",
    "Evidence": "ok",
    "npm's website": "ok",
}


def environment_of(world: World, **changed: str) -> dict[str, str]:
    host = world.registry.url.removeprefix("http://")
    return (
        {
            "SLACK_BOT_TOKEN": BOT_TOKEN,
            "SLACK_SIGNING_SECRET": SIGNING_SECRET,
            "SLACK_API_URL": world.slack.api_url,
            "NPMTRUST_REGISTRY_URL": world.registry.url,
            "NPMTRUST_AUTH_HOSTS": host,
            "NPMTRUST_DATABASE_URL": f"sqlite:///{world.folder / 'npmtrust.sqlite3'}",
            "NPMTRUST_SECRET_KEYS": world.secret_key,
            "NPMTRUST_ADMINS": "U0OTTO,U0OLGA",
        }
        | world.settings
        | changed
    )


async def look(world: World, clock: Clock | None = None, **changed: str) -> dict[str, Finding]:
    values: dict[str, Any] = environment_of(world, **changed)
    found = await check_installation(Settings(_env_file=None, **values), clock or world.clock)
    return {finding.subject: finding for finding in found}


@asynccontextmanager
async def server_that_says(document: dict[str, object]) -> AsyncIterator[str]:
    """Open a Slack that answers everything alike, with a date that nobody can read."""

    async def answer(_request: web.Request) -> web.Response:
        return web.json_response(document, headers={"Date": "soon"})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/api/"
    finally:
        await runner.cleanup()


async def know_a_package(world: World) -> None:
    """The simulated registry has none that everybody knows, so one of Acme's is looked at."""
    app = world.app
    assert app is not None
    await app.services.database.run(lambda store: store.packages.remember(["@acme/ui"], "named", world.clock.now()))


def verdicts(found: dict[str, Finding]) -> dict[str, str]:
    return {subject: finding.verdict.value for subject, finding in found.items()}


def troubles(found: dict[str, Finding]) -> dict[str, str]:
    return {subject: finding.what for subject, finding in found.items() if finding.verdict is not Verdict.OK}


async def test_an_admin_sees_how_everything_stands(world: World) -> None:
    _, otto, _, sam = people(world)
    await know_a_package(world)
    assert (await otto.says("doctor")).splitlines()[0] == "*Everything works*"
    assert "✅ *Evidence*: the registry shows how versions were published (looked at @acme/ui)" in otto.reads()
    assert "Only the admins whom NPMTRUST_ADMINS names" in await sam.says("doctor")
    assert "Slack token" not in sam.reads_all()


async def test_what_does_not_work_is_said_first_with_the_way_to_mend_it(world: World) -> None:
    otto = people(world)[1]
    world.slack.scopes -= {"files:write", "im:read"}
    told = await otto.says("doctor")
    assert "1 thing does not work, 1 warning" in told
    assert told.index("❌ *Slack scopes*: not granted: im:") < told.index("⚠️ *Evidence*") < told.index("✅ *Disk*")
    assert "→ Put what `npmtrust manifest` prints into App Manifest of the app, then install it anew" in told


async def test_the_command_line_sees_the_same_beside_the_running_bot(world: World) -> None:
    await know_a_package(world)
    assert verdicts(await look(world)) == ALL


async def test_the_policy_file_is_looked_at_too(world: World, tmp_path: Path) -> None:
    file = tmp_path / "policy.toml"
    text = 'admins = ["U0RITA"]\n' + OWNERS
    told = []
    for content in (text, "", text.replace("quorum = 1", "quorum = 'many'")):
        file.write_text(content)
        finding = (await look(world, NPMTRUST_POLICY_FILE=str(file), NPMTRUST_ADMINS="U0OTTO"))["Policy"]
        told.append((finding.verdict.value, finding.what))
    assert told[:2] == [
        ("ok", "policy.toml has 1 rule"),
        ("warning", "policy.toml has no rules, so every request is refused"),
    ]
    assert told[2][0] == "failed"
    assert told[2][1].startswith("policy.toml cannot be used: line 3 (rule 1): quorum")


async def test_nothing_is_made_before_the_first_run(world: World, tmp_path: Path) -> None:
    file = tmp_path / "data" / "npmtrust.sqlite3"
    found = await look(world, NPMTRUST_DATABASE_URL=f"sqlite:///{file}")
    assert found["Database"].what == f"none yet; the first npmtrust run makes {file}".replace(
        "npmtrust run", "`npmtrust run`"
    )
    assert (found["Database"].verdict, found["Keys"].verdict) == (Verdict.OK, Verdict.OK)
    assert not file.parent.exists()


async def test_a_place_where_no_database_can_be_is_told(world: World, tmp_path: Path) -> None:
    found = await look(world, NPMTRUST_DATABASE_URL=f"sqlite:///{tmp_path / 'npmtrust.sqlite3' / 'data' / 'x'}")
    assert found["Database"].verdict is Verdict.FAILED
    assert "cannot be written" in found["Database"].what


@pytest.mark.parametrize(
    ("url", "what"),
    [
        ("postgresql://npmtrust:swordfish@host:port/npmtrust", "it cannot be used: its address cannot be read"),
        ("sqlite:////", "it cannot be used: [Errno 21] Is a directory: '/'"),
    ],
)
async def test_an_address_that_names_no_database_is_told(world: World, url: str, what: str) -> None:
    found = await look(world, NPMTRUST_DATABASE_URL=url)
    assert found["Database"].verdict is Verdict.FAILED
    assert found["Database"].what.startswith(what)
    assert "swordfish" not in str(found)


async def test_a_server_that_does_not_answer_is_told(world: World) -> None:
    found = await look(world, NPMTRUST_DATABASE_URL="postgresql://npmtrust@127.0.0.1:9/npmtrust")
    assert found["Database"].what.startswith("the server cannot be used: ")
    assert "Disk" not in found


async def test_a_key_of_a_database_that_holds_nothing_is_as_good_as_any(world: World) -> None:
    assert world.app is not None
    await world.app.services.database.call(lambda engine: execute(engine, "DELETE FROM key_checks"))
    assert (await look(world))["Keys"].what.endswith("nothing is sealed with it yet")


async def test_a_token_that_slack_refuses_ends_the_look_at_slack(world: World) -> None:
    found = await look(world, SLACK_BOT_TOKEN="xoxb-other")
    assert found["Slack token"].what == "Slack refuses SLACK_BOT_TOKEN: invalid_auth"
    assert "Channel" not in found
    assert found["Registry"].verdict is Verdict.OK


async def test_a_slack_that_is_out_of_reach_is_told(world: World) -> None:
    world.slack.outage = True
    found = await look(world)
    assert "Slack cannot be reached" in found["Slack token"].what
    assert "HTTPS_PROXY" in found["Slack token"].mend


async def test_scopes_beyond_the_manifest_are_a_warning(world: World) -> None:
    world.slack.scopes |= {"channels:history"}
    assert troubles(await look(world))["Slack scopes"] == "granted, and not in the manifest: channels:history"


async def test_admins_whom_slack_does_not_show_are_told(world: World) -> None:
    world.slack.scopes -= {"users:read"}
    found = await look(world)
    assert found["Admins"].what == "Slack does not tell who they are: missing_scope"


async def test_a_slack_that_goes_away_in_the_middle_is_told(world: World) -> None:
    world.slack.fail_next("users.info", error="internal_error")
    assert "Slack cannot be reached" in troubles(await look(world))["Slack token"]


async def test_a_token_of_a_person_is_told(world: World) -> None:
    async with server_that_says({"ok": True, "team_id": "T0ACME", "user_id": "U0RITA"}) as url:
        found = await look(world, SLACK_API_URL=url)
    assert found["Slack token"].what == "this token is a person's and not the bot's"


async def test_what_slack_does_not_tell_is_a_warning(world: World) -> None:
    async with server_that_says({"ok": True, "team_id": "T0ACME", "user_id": "U1", "bot_id": "B1"}) as url:
        found = await look(world, SLACK_API_URL=url)
    assert found["Slack scopes"].verdict is found["Clock and Slack"].verdict is Verdict.WARNING


async def test_a_mirror_that_hides_the_evidence_is_told(world: World) -> None:
    await know_a_package(world)
    world.registry.is_mirror = True
    found = await look(world)
    assert "does not show how versions were published (looked at @acme/ui)" in found["Evidence"].what


async def test_what_breaks_while_the_registry_is_looked_at_is_told(world: World) -> None:
    world.registry.fail_next("GET", 503, path="/npm")
    world.registry.fail_next("POST", 503, path="/-/v1/login")
    found = await look(world)
    assert found["Evidence"].what == "no package could be read: npm answered 503 Service Unavailable"
    assert found["Registry"].verdict is Verdict.FAILED


async def test_a_registry_that_is_out_of_reach_is_told(world: World) -> None:
    await world.registry.stop()
    try:
        found = await look(world)
    finally:
        await world.registry.start()
    assert found["Registry"].what.endswith("npm could not be reached")
    assert "Evidence" not in found


async def test_one_who_does_not_answer_is_not_waited_for(world: World) -> None:
    async def hold(name: str, _stage: Stage) -> None:
        if "ping" in name or name == "users.info":
            await asyncio.Event().wait()

    assert world.app is not None
    world.slack.on_exchange = world.registry.on_exchange = hold
    found = await check(world.app.services, file=None, within=0.1)
    late = {finding.subject for finding in found if finding.what == "no answer within 0.1 seconds"}
    assert late >= {"Channel", "Registry"}


async def test_links_that_lead_elsewhere_are_told(world: World) -> None:
    found = await look(world, NPMTRUST_AUTH_HOSTS="www.npmjs.com")
    assert "none of the hosts that NPMTRUST_AUTH_HOSTS allows" in found["npm's website"].what


@pytest.mark.parametrize(("seconds", "verdict"), [(5, "ok"), (-60, "warning"), (400, "failed")])
async def test_a_clock_that_is_wrong_is_told(world: World, seconds: float, verdict: str) -> None:
    found = await look(world, ManualClock(world.clock.now() + timedelta(seconds=seconds)))
    assert [found[name].verdict.value for name in ("Clock and Slack", "Clock and registry")] == [verdict, verdict]


async def test_channels_are_looked_at_one_by_one(world: World) -> None:
    found = await look(world, NPMTRUST_CHANNEL=RANDOM[0])
    assert found["Channel"].what == f"{RANDOM[0]} (NPMTRUST_CHANNEL) cannot be posted in: not_in_channel"
    assert found["Channel"].mend == "Type /invite @npmtrust there"
    assert (await look(world, NPMTRUST_CHANNEL=RELEASES[0]))["Channel"].verdict is Verdict.OK


async def test_the_channels_of_watches_are_looked_at(world: World) -> None:
    otto = people(world)[1]
    await otto.says("watch @acme/*", RELEASES[0])
    world.slack.channels[RELEASES[0]].is_archived = True
    found = await look(world)
    assert found["Channel"].what == f"{RELEASES[0]} (of a watch) cannot be posted in: is_archived"


@pytest.mark.parametrize(
    ("admins", "verdict", "what"),
    [
        ("", "warning", "none: nobody can confirm account links"),
        ("U0OTTO", "warning", "one, who can act"),
        ("U0OTTO,U0NOBODY", "failed", "U0NOBODY is nobody who is active in this workspace"),
        ("U0OTTO,U0OLGA", "failed", "U0OLGA is a guest"),
    ],
)
async def test_admins_who_cannot_act_are_told(world: World, admins: str, verdict: str, what: str) -> None:
    world.slack.people["U0OLGA"].is_restricted = True
    found = await look(world, NPMTRUST_ADMINS=admins)
    assert found["Admins"].verdict.value == verdict
    assert found["Admins"].what.startswith(what)


async def test_a_key_that_is_not_the_databases_is_told(world: World) -> None:
    found = await look(world, NPMTRUST_SECRET_KEYS=Fernet.generate_key().decode())
    assert troubles(found)["Keys"] == "none of NPMTRUST_SECRET_KEYS opens what the database holds"


@pytest.mark.parametrize(("revision", "verdict"), [("0001", "warning"), ("9999", "failed")])
async def test_a_schema_of_another_version_is_told(world: World, revision: str, verdict: str) -> None:
    assert world.app is not None
    statement = f"UPDATE alembic_version SET version_num = '{revision}'"  # noqa: S608 - of ours
    await world.app.services.database.call(lambda engine: execute(engine, statement))
    assert (await look(world))["Database"].verdict.value == verdict


def execute(engine: Any, statement: str) -> None:  # noqa: ANN401 - SQLAlchemy's, which tests of the front door do not know
    with engine.begin() as connection:
        connection.exec_driver_sql(statement)


async def test_an_app_token_is_tried(world: World) -> None:
    found = await look(world, SLACK_SIGNING_SECRET="", SLACK_APP_TOKEN="xapp-wrong")
    assert found["Settings"].what.startswith("Socket Mode, ")
    assert "invalid_auth" in found["Socket Mode"].what
    assert "connections:write" in found["Socket Mode"].mend


async def test_an_app_token_that_nobody_answers_for_is_not_called_wrong(world: World) -> None:
    world.slack.outage = True
    found = await look(world, SLACK_SIGNING_SECRET="", SLACK_APP_TOKEN="xapp-wrong")
    assert found["Socket Mode"].what.startswith("Slack cannot be reached")
    assert "network" in found["Socket Mode"].mend


async def test_the_program_tells_it_as_json_and_by_its_status(tmp_path: Path) -> None:
    slack = LocalSlack(Clock(), signing_secret=SIGNING_SECRET, bot_token=BOT_TOKEN)  # the child has the machine's clock
    registry = SimulatedRegistry(Clock())
    await slack.start()
    await registry.start()
    environment = {
        "SLACK_BOT_TOKEN": BOT_TOKEN,
        "SLACK_SIGNING_SECRET": SIGNING_SECRET,
        "SLACK_API_URL": slack.api_url,
        "NPMTRUST_REGISTRY_URL": registry.url,
        "NPMTRUST_AUTH_HOSTS": registry.url.removeprefix("http://"),
        "NPMTRUST_DATABASE_URL": f"sqlite:///{tmp_path / 'npmtrust.sqlite3'}",
        "NPMTRUST_SECRET_KEYS": Fernet.generate_key().decode(),
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }
    command = (sys.executable, "-m", "bot", "check", "--json")
    try:
        child = await asyncio.create_subprocess_exec(
            *command, cwd=tmp_path, env=environment, stdout=asyncio.subprocess.PIPE
        )
        told = json.loads((await child.communicate())[0])
    finally:
        await registry.stop()
        await slack.stop()
    assert (child.returncode, told["ok"]) == (0, True)
    assert {finding["subject"]: finding["verdict"] for finding in told["findings"]} == ALL | {
        "Admins": "warning",
        "Evidence": "warning",
    }
    assert told["findings"][1]["what"].startswith("none yet; the first `npmtrust run` makes")
