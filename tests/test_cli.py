import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from bot import __version__
from bot.cli import main
from storage import migrate

REQUIRED = {
    "SLACK_BOT_TOKEN": "xoxb-secret-token",
    "SLACK_SIGNING_SECRET": "signing-secret",
    "NPMTRUST_REGISTRY_URL": "http://127.0.0.1:4873",
    "NPMTRUST_SECRET_KEYS": Fernet.generate_key().decode(),
    "NPMTRUST_HOST": "127.0.0.1",
    "NPMTRUST_PORT": "0",
}


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name, value in REQUIRED.items():
        monkeypatch.setenv(name, value)
    for name in ("SLACK_APP_TOKEN", "SLACK_API_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NPMTRUST_DATABASE_URL", f"sqlite:///{tmp_path}/data/npmtrust.sqlite3")


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["version"]) == 0
    assert capsys.readouterr().out == f"npmtrust {__version__}\n"


def test_a_key_is_printed_that_can_be_set(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert main(["keygen"]) == 0
    key = capsys.readouterr().out
    assert Fernet(key.strip()).decrypt(Fernet(key.strip()).encrypt(b"secret")) == b"secret"
    monkeypatch.setenv("NPMTRUST_SECRET_KEYS", key)
    assert main(["migrate"]) == 0


def test_the_database_is_made_in_a_folder_that_is_not_there_yet_without_tokens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET", "NPMTRUST_REGISTRY_URL"):
        monkeypatch.delenv(name)
    assert main(["migrate"]) == 0
    assert f"The database has schema {migrate.revisions()[-1]}" in capsys.readouterr().out
    assert (tmp_path / "data" / "npmtrust.sqlite3").exists()
    assert main(["migrate"]) == 0


@pytest.mark.parametrize(
    "arguments",
    [
        *([], ["walk"], ["run", "fast"], ["check", "--yaml"], ["init", "--port", "80"]),
        *(["sandbox", "--port", "http"], ["sandbox", "--port", "65536"], ["sandbox", "--port", "-1"]),
    ],
)
def test_a_wrong_use_is_told_with_status_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert "usage: npmtrust" in capsys.readouterr().err


STARTUP_MISTAKES = [
    ("run", {"SLACK_BOT_TOKEN": ""}, "npmtrust: SLACK_BOT_TOKEN is not set. `npmtrust init` asks for the settings"),
    (
        "migrate",
        {"NPMTRUST_SECRET_KEYS": ""},
        "npmtrust: NPMTRUST_SECRET_KEYS is not set. It is what `npmtrust run` has",
    ),
    ("run", {"SLACK_SIGNING_SECRET": ""}, "npmtrust: set SLACK_APP_TOKEN (Socket Mode: no public address is needed)"),
    ("run", {"SLACK_APP_TOKEN": "xapp-1"}, "npmtrust: SLACK_APP_TOKEN and SLACK_SIGNING_SECRET are both set"),
    ("run", {"NPMTRUST_DATABASE_URL": "sqlite:////proc/none/x"}, "npmtrust: the database of NPMTRUST_DATABASE_URL"),
    ("migrate", {"NPMTRUST_DATABASE_URL": "sqlite:////proc/none/x"}, "npmtrust: the database of NPMTRUST_DATABASE_URL"),
    ("run", {"NPMTRUST_HOST": "192.0.2.1"}, "npmtrust: cannot listen on 192.0.2.1:0"),
    ("sandbox", {}, "npmtrust: NPMTRUST_REGISTRY_URL is set"),
]


@pytest.mark.parametrize(("command", "changed", "line"), STARTUP_MISTAKES)
def test_a_start_that_fails_says_why_in_one_line(
    command: str,
    changed: dict[str, str],
    line: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, value in changed.items():
        monkeypatch.setenv(name, value)
    assert main([command]) == 1
    (told,) = [each for each in capsys.readouterr().err.splitlines() if each.startswith("npmtrust:")]
    assert told.startswith(line)


def test_a_check_of_settings_that_are_wrong_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxp-1")
    assert main(["check"]) == 1
    assert capsys.readouterr().out.startswith("failed  Settings  SLACK_BOT_TOKEN: expected the bot token")
    assert main(["check", "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["ok"], [finding["subject"] for finding in told["findings"]]) == (False, ["Settings"])


def test_a_check_makes_no_database(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SLACK_API_URL", "http://127.0.0.1:9")
    assert main(["check"]) == 1
    assert not (tmp_path / "data").exists()


@contextmanager
def init_at_a_terminal(folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """Start `npmtrust init`; the number is our side of the terminal."""
    ours, its = pty.openpty()
    environment = {"PATH": os.defpath, "PYTHONPATH": str(Path(__file__).parents[1]), "HOME": str(folder)}
    environment |= {"SLACK_API_URL": "http://127.0.0.1:9", "NPM_CONFIG_REGISTRY": "http://127.0.0.1:9"}
    child = subprocess.Popen(
        [sys.executable, "-m", "bot", "init"],
        cwd=folder,
        env=environment,
        stdin=its,
        stdout=its,
        stderr=its,
        start_new_session=True,
    )
    os.close(its)
    try:
        yield child, ours
    finally:
        os.close(ours)
        child.kill()
        child.wait()


def type_answers(terminal: int, *answers: str) -> str:
    """Type each answer when its question stands there: what is typed earlier is dropped with the echo."""
    shown = ""
    for answer in answers:
        while not shown.rsplit("\n", maxsplit=1)[-1].endswith(": "):
            shown += os.read(terminal, 1000).decode()
        os.write(terminal, f"{answer}\n".encode())
        shown += "\n"
    while part := _read_rest(terminal):
        shown += part
    return shown


def test_init_asks_at_a_terminal_again_for_what_was_wrong_and_shows_no_secret(tmp_path: Path) -> None:
    with init_at_a_terminal(tmp_path) as (child, terminal):
        shown = type_answers(terminal, "xoxb-typed", "xapp-typed", "", "Otto", "", "U0OTTO")
        assert child.wait() == 1
    assert "npmtrust: NPMTRUST_ADMINS: expected Slack ids of people" in shown
    assert ".env is written" in shown
    assert "typed" not in shown
    assert "SLACK_BOT_TOKEN=xoxb-typed\nSLACK_APP_TOKEN=xapp-typed\n" in (tmp_path / ".env").read_text()


def _read_rest(terminal: int) -> str:
    try:
        return os.read(terminal, 1000).decode(errors="replace")
    except OSError:  # the child has closed its side
        return ""


@pytest.mark.parametrize("way", ["Ctrl-D", "Ctrl-C"])
def test_somebody_who_leaves_init_gets_one_line(way: str, tmp_path: Path) -> None:
    with init_at_a_terminal(tmp_path) as (child, terminal):
        shown = os.read(terminal, 10).decode()
        if way == "Ctrl-C":
            child.send_signal(signal.SIGINT)
        else:
            os.write(terminal, b"\x04")
        while part := _read_rest(terminal):
            shown += part
        assert child.wait() == 1
    assert [line for line in shown.splitlines() if line.startswith("npmtrust: ")] == [shown.splitlines()[-1]]
    assert "Traceback" not in shown
    assert not list(tmp_path.iterdir())


def test_a_small_command_loads_no_large_library() -> None:
    code = (
        "import sys; from bot.cli import main; main(['version']); main(['manifest']);"
        "print([name for name in ('slack_bolt', 'sqlalchemy', 'httpx', 'aiohttp', 'pydantic') if name in sys.modules])"
    )
    told = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=Path(__file__).parents[1]
    )
    assert told.stdout.splitlines()[-1] == "[]"


def test_who_reads_the_first_lines_alone_gets_no_traceback() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "bot", "policy", "schema"]
    run = subprocess.run(command, check=False, cwd=Path(__file__).parents[1], stdout=writer, stderr=subprocess.PIPE)
    os.close(writer)
    assert (run.returncode, run.stderr) == (1, b"")


def test_it_runs_as_a_module_too() -> None:
    command = [sys.executable, "-m", "bot", "version"]
    told = subprocess.run(command, check=True, capture_output=True, text=True, cwd=Path(__file__).parents[1])
    assert told.stdout == f"npmtrust {__version__}\n"
