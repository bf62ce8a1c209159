"""The launcher with a small program in the bot's place; the bot itself comes in by `tests/e2e`."""

import asyncio
import io
import json
import os
import signal
import socket
import sys
from contextlib import redirect_stdout
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import pytest

from bot.errors import StartupError
from bot.sandbox.launcher import run_sandbox
from tests.patience import PATIENCE

pytestmark = pytest.mark.anyio

READY = """
import http.server, json, os, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/readyz" else 404)
        self.end_headers()
with open(sys.argv[1], "w") as report:
    json.dump({"environment": dict(os.environ), "folder": os.getcwd()}, report)
http.server.HTTPServer((os.environ["NPMTRUST_HOST"], int(os.environ["NPMTRUST_PORT"])), Handler).serve_forever()
"""
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + READY
BROKEN = "import sys; print('token store is gone'); sys.exit(3)"


def program(source: str, report: Path) -> tuple[str, ...]:
    return (sys.executable, "-S", "-c", source, str(report))


class Listener(io.StringIO):
    """Standard output that can be waited for."""

    def __init__(self) -> None:
        super().__init__()
        self.heard = asyncio.Event()

    def write(self, text: str) -> int:
        self.heard.set()
        return super().write(text)


def read_report(report: Path) -> tuple[dict[str, str], Path]:
    """Tell the environment and the folder of the program in the bot's place."""
    told = json.loads(report.read_text())
    return told["environment"], Path(told["folder"])


def listens(url: str) -> bool:
    with socket.socket() as client:
        return client.connect_ex((urlsplit(url).hostname, urlsplit(url).port)) == 0


async def test_it_starts_the_bot_with_nothing_but_settings_and_ends_everything(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    outside = {"LANG": "C.UTF-8", "NPM_TOKEN": "x", "SLACK_APP_TOKEN": "y"}
    with redirect_stdout(Listener()) as output:
        running = asyncio.create_task(run_sandbox(environment=outside, bot_command=program(READY, report)))
        await asyncio.wait_for(output.heard.wait(), PATIENCE)
    [line] = output.getvalue().splitlines()
    assert line.startswith("npmtrust sandbox: http://127.0.0.1:")
    page = line.split()[2]
    environment, folder = read_report(report)
    assert environment["LANG"] == "C.UTF-8"
    assert {"NPM_TOKEN", "SLACK_APP_TOKEN"}.isdisjoint(environment)
    assert environment["SLACK_API_URL"] == f"{page}/api/"
    assert environment["NPMTRUST_REGISTRY_URL"] == f"http://{environment['NPMTRUST_AUTH_HOSTS']}"
    assert environment["NPMTRUST_ADMINS"] == "U0OTTO,U0OLGA"

    addresses = (page, environment["NPMTRUST_REGISTRY_URL"], f"http://127.0.0.1:{environment['NPMTRUST_PORT']}/readyz")
    os.kill(os.getpid(), signal.SIGINT)
    assert await running == 0
    assert [await asyncio.to_thread(listens, address) for address in addresses] == [False, False, False]
    assert not await asyncio.to_thread(folder.exists)


async def test_the_page_stops_and_starts_the_registry(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    with redirect_stdout(Listener()) as output:
        running = asyncio.create_task(run_sandbox(environment={}, bot_command=program(READY, report)))
        await asyncio.wait_for(output.heard.wait(), PATIENCE)
    page, registry = output.getvalue().split()[2], read_report(report)[0]["NPMTRUST_REGISTRY_URL"]
    async with aiohttp.ClientSession() as http:
        for is_on in (False, True, True):
            async with http.post(f"{page}/sandbox/world", json={"switch": "registry", "on": is_on}) as answer:
                assert await answer.json() == {"ok": True}
            async with http.get(f"{page}/sandbox/state?as=U0RITA") as answer:
                assert (await answer.json())["registry"]["up"] is is_on
            assert await asyncio.to_thread(listens, registry) is is_on
        for switch, state in (("calls_ask", "calls_ask"), ("too_many", "too_many")):
            async with http.post(f"{page}/sandbox/world", json={"switch": switch, "on": True}) as answer:
                assert await answer.json() == {"ok": True}
            async with http.get(f"{page}/sandbox/state?as=U0RITA") as answer:
                assert (await answer.json())["world"][state] is True
    os.kill(os.getpid(), signal.SIGINT)
    assert await running == 0


async def test_a_bot_that_does_not_end_is_killed(tmp_path: Path) -> None:
    command = program(STUBBORN, tmp_path / "report.json")
    with redirect_stdout(Listener()) as output:
        running = asyncio.create_task(run_sandbox(environment={}, bot_command=command, end_seconds=0.1))
        await asyncio.wait_for(output.heard.wait(), PATIENCE)
    os.kill(os.getpid(), signal.SIGTERM)
    assert await asyncio.wait_for(running, PATIENCE) == 0


async def test_a_bot_that_ends_is_reported_with_its_last_lines(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await run_sandbox(environment={}, bot_command=program(BROKEN, tmp_path)) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "the bot ended with status 3" in captured.err
    assert "token store is gone" in captured.err


async def test_another_registry_is_refused_before_anything_starts() -> None:
    with pytest.raises(StartupError, match="its own registry only"):
        await run_sandbox(environment={"NPMTRUST_REGISTRY_URL": "http://127.0.0.1:4873"}, bot_command=())


async def test_a_taken_port_is_told_in_one_line() -> None:
    taken = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0)
    async with taken:
        port = taken.sockets[0].getsockname()[1]
        with pytest.raises(StartupError, match=f"port {port} cannot be used"):
            await run_sandbox(port=port, environment={}, bot_command=())


async def test_a_bot_that_was_killed_goes_on_with_the_same_folder(tmp_path: Path) -> None:
    report, said = tmp_path / "report", Listener()
    counted = READY.replace("json.dump(", "open('starts', 'a').write('x'); json.dump(").replace(
        '"folder": os.getcwd()', '"folder": os.getcwd(), "pid": os.getpid()'
    )
    with redirect_stdout(said):
        running = asyncio.create_task(run_sandbox(environment={}, bot_command=program(counted, report)))
        await said.heard.wait()
        said.heard.clear()
        first = json.loads(report.read_text())
        os.kill(first["pid"], signal.SIGKILL)
        await said.heard.wait()
        second = json.loads(report.read_text())
        assert (Path(second["folder"]) / "starts").read_text() == "xx"
        assert second["pid"] != first["pid"]
        assert second["environment"] == first["environment"]
        os.kill(os.getpid(), signal.SIGINT)
        assert await running == 0
    assert "the bot was killed, and goes on with the same database" in said.getvalue()
