import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from bot import __version__
from bot.cli import main

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


def test_the_database_is_made_in_a_folder_that_is_not_there_yet(tmp_path: Path) -> None:
    assert main(["migrate"]) == 0
    assert (tmp_path / "data" / "npmtrust.sqlite3").exists()
    assert main(["migrate"]) == 0


@pytest.mark.parametrize("arguments", [[], ["walk"], ["run", "fast"], ["sandbox", "--port", "http"]])
def test_a_wrong_use_is_told_with_status_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert "usage: npmtrust" in capsys.readouterr().err


STARTUP_MISTAKES = [
    ("run", {"SLACK_BOT_TOKEN": ""}, "npmtrust: SLACK_BOT_TOKEN is not set"),
    (
        "run",
        {"SLACK_SIGNING_SECRET": "", "SLACK_APP_TOKEN": "xapp-1"},
        "npmtrust: this version takes commands over HTTP",
    ),
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


def test_a_small_command_loads_no_large_library() -> None:
    code = (
        "import sys; from bot.cli import main; main(['version']);"
        "print([name for name in ('slack_bolt', 'sqlalchemy', 'httpx', 'aiohttp', 'pydantic') if name in sys.modules])"
    )
    told = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=Path(__file__).parents[1]
    )
    assert told.stdout.splitlines()[-1] == "[]"


def test_it_runs_as_a_module_too() -> None:
    command = [sys.executable, "-m", "bot", "version"]
    told = subprocess.run(command, check=True, capture_output=True, text=True, cwd=Path(__file__).parents[1])
    assert told.stdout == f"npmtrust {__version__}\n"
