import base64
import os
import stat
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.errors import StartupError
from bot.settings import Settings, load_settings

KEY, OLD_KEY = (base64.urlsafe_b64encode(32 * byte).decode() for byte in (b"k", b"o"))
REQUIRED = {
    "SLACK_BOT_TOKEN": "xoxb-secret-token",
    "SLACK_SIGNING_SECRET": "signing-secret",
    "NPMTRUST_REGISTRY_URL": "https://registry.example.com",
    "NPMTRUST_SECRET_KEYS": KEY,
}


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in os.environ:
        if name.upper().startswith(("NPMTRUST_", "SLACK_", "NPM_CONFIG_", "XDG_")):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))


def load(monkeypatch: pytest.MonkeyPatch, **changed: str) -> Settings:
    for name, value in (REQUIRED | changed).items():
        monkeypatch.setenv(name, value)
    return load_settings()


def put_npm(monkeypatch: pytest.MonkeyPatch, folder: Path, script: str) -> None:
    """Let an npm of the test stand first in PATH."""
    npm = folder / "npm"
    npm.write_text(f"#!/bin/sh\n{script}\n")
    npm.chmod(npm.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{folder}:/bin:/usr/bin")


def test_four_variables_are_enough(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    settings = load(monkeypatch)
    assert settings.registry_url == "https://registry.example.com/"
    assert settings.slack_api_url == "https://slack.com/api/"
    assert settings.auth_hosts == ("www.npmjs.com",)
    assert settings.website == "https://www.npmjs.com/"
    assert settings.database_url.get_secret_value() == f"sqlite:///{tmp_path}/.local/share/npmtrust/npmtrust.sqlite3"
    assert (settings.host, settings.port) == ("0.0.0.0", 3000)
    assert (settings.pace_seconds, settings.lag_seconds) == (2, 120)
    assert (settings.admins, settings.channel) == ((), "")
    assert (settings.log_format, settings.log_level) == (None, "INFO")


def test_lists_are_split_at_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load(
        monkeypatch,
        NPMTRUST_SECRET_KEYS=f"{KEY}, {OLD_KEY}",
        NPMTRUST_ADMINS="U0OLGA, W0OTTO,",
        NPMTRUST_AUTH_HOSTS="127.0.0.1:4873,WWW.npmjs.com",
    )
    assert settings.secret_keys == (SecretStr(KEY), SecretStr(OLD_KEY))
    assert settings.admins == ("U0OLGA", "W0OTTO")
    assert settings.auth_hosts == ("127.0.0.1:4873", "www.npmjs.com")
    assert settings.website == "http://127.0.0.1:4873/"


def test_an_empty_variable_is_as_if_it_were_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load(monkeypatch, SLACK_APP_TOKEN="", NPMTRUST_PORT="", NPMTRUST_ADMINS="", NPMTRUST_POLICY_FILE="")
    assert (settings.app_token, settings.port, settings.admins) == (None, 3000, ())


def test_variables_that_are_not_known_are_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load(monkeypatch, NPMTRUST_PREFLIGHT="on", PORT="8080", HOST="example.com").port == 3000


def test_the_file_dot_env_is_read_and_the_environment_goes_first(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text("NPMTRUST_PORT=4000\nNPMTRUST_CHANNEL=C0RELEASES\nSOMETHING_ELSE=1\n")
    settings = load(monkeypatch, NPMTRUST_PORT="5000")
    assert (settings.port, settings.channel) == (5000, "C0RELEASES")


def test_the_registry_is_ours_before_it_is_npms(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("NPMTRUST_REGISTRY_URL=https://ours.example.com\n")
    settings = load(monkeypatch, NPMTRUST_REGISTRY_URL="", NPM_CONFIG_REGISTRY="https://npms.example.com")
    assert settings.registry_url == "https://ours.example.com/"


def test_the_registry_is_taken_from_npms_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load(monkeypatch, NPMTRUST_REGISTRY_URL="", NPM_CONFIG_REGISTRY="https://npms.example.com/npm/")
    assert settings.registry_url == "https://npms.example.com/npm/"


def test_the_registry_is_asked_of_npm_at_last(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    put_npm(monkeypatch, tmp_path, '[ "$*" = "config get registry" ] && echo https://asked.example.com/')
    assert load(monkeypatch, NPMTRUST_REGISTRY_URL="").registry_url == "https://asked.example.com/"


def test_an_npm_that_fails_is_told_with_the_way_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    put_npm(monkeypatch, tmp_path, "exit 1")
    with pytest.raises(StartupError, match="NPMTRUST_REGISTRY_URL is not set and npm could not be asked"):
        load(monkeypatch, NPMTRUST_REGISTRY_URL="")


def test_the_data_folder_can_be_moved(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load(monkeypatch, XDG_DATA_HOME="/data")
    assert settings.database_url.get_secret_value() == "sqlite:////data/npmtrust/npmtrust.sqlite3"


def test_a_registry_on_loopback_may_be_plain_and_fast(monkeypatch: pytest.MonkeyPatch) -> None:
    for url in ("http://127.0.0.1:4873", "http://localhost:4873/", "http://[::1]:4873"):
        settings = load(monkeypatch, NPMTRUST_REGISTRY_URL=url, NPMTRUST_PACE_SECONDS="0.05")
        assert settings.pace_seconds == 0.05


def test_everything_that_is_missing_is_told_in_one_line() -> None:
    with pytest.raises(StartupError) as failed:
        load_settings()
    assert str(failed.value) == "SLACK_BOT_TOKEN is not set; NPMTRUST_SECRET_KEYS is not set"


MISTAKES = [
    # Slack
    ({"SLACK_SIGNING_SECRET": ""}, "set SLACK_APP_TOKEN (Socket Mode: no public address is needed) or SLACK_SIGNING"),
    ({"SLACK_APP_TOKEN": "xapp-1"}, "SLACK_APP_TOKEN and SLACK_SIGNING_SECRET are both set"),
    ({"SLACK_BOT_TOKEN": "xoxp-1"}, "SLACK_BOT_TOKEN: expected the bot token, which starts with xoxb-"),
    ({"SLACK_BOT_TOKEN": "swordfish"}, "SLACK_BOT_TOKEN: expected the bot token, which starts with xoxb-"),
    ({"SLACK_APP_TOKEN": "xoxb-1"}, "SLACK_APP_TOKEN: expected an app-level token, which starts with xapp-"),
    ({"SLACK_BOT_TOKEN": "xoxb-1\n"}, "SLACK_BOT_TOKEN: it holds a space, a line break or another character"),
    ({"SLACK_BOT_TOKEN": "xoxb-1…"}, "SLACK_BOT_TOKEN: it holds a space, a line break or another character"),
    ({"SLACK_SIGNING_SECRET": "swordfish\n"}, "SLACK_SIGNING_SECRET: it holds a space, a line break or another"),
    ({"SLACK_API_URL": "http://slack.example.com/api/"}, "SLACK_API_URL: http is accepted only on loopback"),
    # the registry
    ({"NPMTRUST_REGISTRY_URL": "http://registry.example.com"}, "NPMTRUST_REGISTRY_URL: http is accepted only on"),
    ({"NPMTRUST_REGISTRY_URL": "http://127.0.0.1.example.com"}, "NPMTRUST_REGISTRY_URL: http is accepted only on"),
    ({"NPMTRUST_REGISTRY_URL": "https://me:word@registry.example.com"}, "NPMTRUST_REGISTRY_URL: expected an address"),
    ({"NPMTRUST_REGISTRY_URL": "https://registry.example.com/?a=b"}, "NPMTRUST_REGISTRY_URL: expected an address"),
    ({"NPMTRUST_REGISTRY_URL": "registry.example.com"}, "NPMTRUST_REGISTRY_URL: expected an address"),
    ({"NPMTRUST_REGISTRY_URL": "ftp://registry.example.com"}, "NPMTRUST_REGISTRY_URL: expected an address"),
    ({"NPMTRUST_PACE_SECONDS": "1.9"}, "NPMTRUST_PACE_SECONDS is at least 2 unless the registry is on loopback"),
    ({"NPMTRUST_PACE_SECONDS": "-1"}, "NPMTRUST_PACE_SECONDS: "),
    ({"NPMTRUST_PACE_SECONDS": "nan"}, "NPMTRUST_PACE_SECONDS: "),
    ({"NPMTRUST_LAG_SECONDS": "two minutes"}, "NPMTRUST_LAG_SECONDS: "),
    ({"NPMTRUST_HANDOFF_SECONDS": "5"}, "NPMTRUST_HANDOFF_SECONDS: "),
    ({"NPMTRUST_HANDOFF_SECONDS": "3600"}, "NPMTRUST_HANDOFF_SECONDS: "),
    # hosts of links
    ({"NPMTRUST_AUTH_HOSTS": ","}, "NPMTRUST_AUTH_HOSTS: "),
    ({"NPMTRUST_AUTH_HOSTS": "https://www.npmjs.com"}, "NPMTRUST_AUTH_HOSTS: expected host or host:port"),
    ({"NPMTRUST_AUTH_HOSTS": "www.npmjs.com/login"}, "NPMTRUST_AUTH_HOSTS: expected host or host:port"),
    ({"NPMTRUST_AUTH_HOSTS": "*.npmjs.com"}, "NPMTRUST_AUTH_HOSTS: expected host or host:port"),
    # what is stored
    ({"NPMTRUST_DATABASE_URL": "mysql://u:word@db/x"}, "NPMTRUST_DATABASE_URL: expected sqlite:///FILE or postgresql"),
    ({"NPMTRUST_DATABASE_URL": "sqlite:///"}, "NPMTRUST_DATABASE_URL: expected sqlite:///FILE or postgresql"),
    ({"NPMTRUST_DATABASE_URL": "sqlite:///:memory:"}, "NPMTRUST_DATABASE_URL: expected sqlite:///FILE or postgresql"),
    ({"NPMTRUST_DATABASE_URL": "sqlite:///file:x?mode=memory&uri=true"}, "NPMTRUST_DATABASE_URL: expected sqlite"),
    ({"NPMTRUST_SECRET_KEYS": "swordfish"}, "NPMTRUST_SECRET_KEYS: expected Fernet keys"),
    ({"NPMTRUST_SECRET_KEYS": f"{KEY},swordfish"}, "NPMTRUST_SECRET_KEYS: expected Fernet keys"),
    # who and where
    ({"NPMTRUST_ADMINS": "@olga"}, "NPMTRUST_ADMINS: expected Slack ids of people"),
    ({"NPMTRUST_CHANNEL": "#releases"}, "NPMTRUST_CHANNEL: expected the id of a channel such as C0123ABCD"),
    ({"NPMTRUST_PORT": "70000"}, "NPMTRUST_PORT: "),
    ({"NPMTRUST_PORT": "http"}, "NPMTRUST_PORT: "),
    ({"NPMTRUST_LOG_FORMAT": "xml"}, "NPMTRUST_LOG_FORMAT: Input should be 'json' or 'console'"),
    ({"NPMTRUST_LOG_LEVEL": "LOUD"}, "NPMTRUST_LOG_LEVEL: "),
]


@pytest.mark.parametrize(("changed", "line"), MISTAKES, ids=lambda part: str(part)[:60])
def test_a_mistake_is_one_line_that_quotes_no_value(
    monkeypatch: pytest.MonkeyPatch, changed: dict[str, str], line: str
) -> None:
    with pytest.raises(StartupError) as failed:
        load(monkeypatch, **changed)
    told = str(failed.value)
    assert told.startswith(line)
    assert "\n" not in told
    assert not [word for word in ("swordfish", "word@", KEY, "xoxb-secret", "signing-secret") if word in told]
    assert failed.value.__cause__ is None


def test_a_wrong_one_among_several_is_one_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(StartupError) as failed:
        load(monkeypatch, NPMTRUST_SECRET_KEYS="swordfish")
    assert str(failed.value).count("NPMTRUST_SECRET_KEYS") == 1


def test_a_dot_env_that_cannot_be_read_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"NPMTRUST_PORT=\xff\xfe\n")
    with pytest.raises(StartupError, match=r"^\.env cannot be read: UnicodeDecodeError; look at its rights"):
        load(monkeypatch)


def test_settings_show_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = repr(load(monkeypatch, NPMTRUST_DATABASE_URL="postgresql://npmtrust:word@db/npmtrust"))
    assert not [word for word in ("word@", KEY, "xoxb-", "signing-secret") if word in shown]
