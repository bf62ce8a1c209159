"""What an operator can set, read once from the environment and from `.env` when it exists."""

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from cryptography.fernet import Fernet
from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from bot.errors import StartupError
from bot.registry.urls import parse_address

PACE_FLOOR = 2.0
"""Seconds from the end of one call to the start of the next; npm asks for it. A registry on loopback is exempt."""

SLACK_API_URL = "https://slack.com/api/"

GITHUB_API_URL = "https://api.github.com/"
GITLAB_URL = "https://gitlab.com/"

_TOKEN_KINDS = {
    "xoxb-": "a bot token",
    "xapp-": "an app-level token",
    "xoxp-": "a user token",
    "xoxe": "a refresh token",
}
"""By how Slack's tokens begin: https://docs.slack.dev/authentication/tokens."""


def _check_base_url(url: str) -> str:
    address = parse_address(url)
    if address is None or "?" in url or "#" in url:
        raise ValueError("expected an address such as https://registry.example.com/, without user, query and fragment")
    if address.scheme == "http" and not address.is_loopback:
        raise ValueError("http is accepted only on loopback, use https")
    return url.rstrip("/") + "/"


def _is_loopback(url: str) -> bool:
    address = parse_address(url)
    return address is not None and address.is_loopback


def _check_database_url(url: SecretStr) -> SecretStr:
    scheme, _, rest = url.get_secret_value().partition("://")
    if scheme == "sqlite":
        # One in memory, also by a query of SQLite's, would forget at the next start what it has promised.
        is_known = rest.startswith("/") and rest not in ("/", "/:memory:") and "?" not in rest
    else:
        is_known = scheme == "postgresql"
    if not is_known:
        raise ValueError("expected sqlite:///FILE or postgresql://USER@HOST/NAME")
    return url


def _check_secret(secret: SecretStr) -> SecretStr:
    """Refuse what was copied with more than itself, such as the line break at the end of a mounted file."""
    text = secret.get_secret_value()
    if not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError("it holds a space, a line break or another character that Slack's secrets never have")
    return secret


def _check_key(key: SecretStr) -> SecretStr:
    try:
        Fernet(key.get_secret_value())
    except ValueError:
        raise ValueError("expected Fernet keys, comma separated; `npmtrust keygen` prints one") from None
    return key


def _like(pattern: str, expected: str) -> AfterValidator:
    """Make a check of the form, with a sentence that an operator understands."""

    def check(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError(f"expected {expected}")
        return text

    return AfterValidator(check)


def _starting_with(prefixes: tuple[str, ...], expected: str) -> AfterValidator:
    """Make a check of a token's kind, which tells what kind was given and nothing else of it."""

    def check(token: SecretStr) -> SecretStr:
        text = token.get_secret_value()
        if not text.startswith(prefixes):
            kind = next((known for known in _TOKEN_KINDS if text.startswith(known)), "")
            came = f"this is {_TOKEN_KINDS[kind]} ({kind})" if kind else "this one starts otherwise"
            raise ValueError(f"expected {expected}; {came}")
        return token

    return AfterValidator(check)


def _split(value: object) -> object:
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


def _default_database() -> SecretStr:
    home = Path.home()
    if sys.platform == "win32":
        folder = Path(os.environ.get("LOCALAPPDATA", home / "AppData/Local"))
    elif sys.platform == "darwin":
        folder = home / "Library/Application Support"
    else:
        folder = Path(os.environ.get("XDG_DATA_HOME") or home / ".local/share")
    return SecretStr(f"sqlite:///{folder / 'npmtrust' / 'npmtrust.sqlite3'}")


def find_registry() -> str:
    """Ask the npm of this machine for its registry, as npm's own configuration files have it.

    Raises:
        StartupError: There is no npm, or it fails.
    """
    try:
        answer = subprocess.run(
            ["npm", "config", "get", "registry"],  # noqa: S607 (npm stands wherever PATH has it)
            capture_output=True,
            check=True,
            text=True,
            timeout=5,
        )
    except (OSError, subprocess.SubprocessError) as err:
        raise StartupError(
            "NPMTRUST_REGISTRY_URL is not set and npm could not be asked for its registry"
            f" ({type(err).__name__}): set it to the base address of your npm registry"
        ) from err
    return answer.stdout.strip()


BaseUrl = Annotated[str, AfterValidator(_check_base_url)]
Host = Annotated[
    str,
    BeforeValidator(lambda value: str(value).lower()),
    _like(r"[a-z0-9.-]+(:[0-9]{1,5})?", "host or host:port, comma separated, without https:// and paths"),
]
BotToken = Annotated[
    SecretStr,
    AfterValidator(_check_secret),
    _starting_with(("xoxb-", "xoxe.xoxb-"), "the bot token, which starts with xoxb- (OAuth & Permissions of the app)"),
]
AppToken = Annotated[
    SecretStr,
    AfterValidator(_check_secret),
    _starting_with(("xapp-",), "an app-level token, which starts with xapp- (Basic Information of the app)"),
]
Person = Annotated[str, _like("[UW][A-Z0-9]+", "Slack ids of people such as U0123ABCD, comma separated")]
Channel = Annotated[str, _like("([CG][A-Z0-9]+)?", "the id of a channel such as C0123ABCD")]
Key = Annotated[SecretStr, AfterValidator(_check_key)]
CommaSeparated = (NoDecode, BeforeValidator(_split))


class Settings(BaseSettings):
    """All settings. Variables that are not named here are not looked at.

    The README's table is made of what stands below each: `make readme`.
    """

    model_config = SettingsConfigDict(
        env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True, hide_input_in_errors=True
    )

    bot_token: BotToken = Field(validation_alias="SLACK_BOT_TOKEN")
    """The app's Bot User OAuth Token, `xoxb-…`."""
    app_token: AppToken | None = Field(None, validation_alias="SLACK_APP_TOKEN")
    """Socket Mode: an app-level token, `xapp-…`, with `connections:write`. Default: one of this and the next."""
    signing_secret: Annotated[SecretStr, AfterValidator(_check_secret)] | None = Field(
        None, validation_alias="SLACK_SIGNING_SECRET"
    )
    """HTTP mode: the app's Signing Secret; Slack posts to `/slack/events`. Default: one of this and the last."""
    slack_api_url: BaseUrl = Field(SLACK_API_URL, validation_alias="SLACK_API_URL")
    """Base of Slack's Web API."""

    npm_config_registry: str = Field("", validation_alias="NPM_CONFIG_REGISTRY")
    """npm's own variable, looked at when the next is not set. Default: none."""
    registry_url: BaseUrl = Field(
        default_factory=lambda data: data["npm_config_registry"] or find_registry(),
        validate_default=True,
        validation_alias="NPMTRUST_REGISTRY_URL",
    )
    """Base of the npm registry. Default: what `npm config get registry` says; required without npm."""
    auth_hosts: Annotated[tuple[Host, ...], *CommaSeparated] = Field(
        ("www.npmjs.com",), min_length=1, validation_alias="NPMTRUST_AUTH_HOSTS"
    )
    """Hosts that a link of npm's may have, comma separated: `host` or `host:port`; https only, but for loopback. The
    first is npm's website."""

    database_url: Annotated[SecretStr, AfterValidator(_check_database_url)] = Field(
        default_factory=_default_database, validation_alias="NPMTRUST_DATABASE_URL"
    )
    """`sqlite:///FILE` or `postgresql://USER@HOST/NAME`. Default: a SQLite file under the user's data folder."""
    secret_keys: Annotated[tuple[Key, ...], *CommaSeparated] = Field(
        min_length=1, validation_alias="NPMTRUST_SECRET_KEYS"
    )
    """Fernet keys, comma separated: the first encrypts, all decrypt. `npmtrust keygen` prints one."""

    preflight: Literal["on", "off"] = Field("on", validation_alias="NPMTRUST_PREFLIGHT")
    """`on` or `off`: look at workflow files when something is asked for."""
    github_api_url: BaseUrl = Field(GITHUB_API_URL, validation_alias="NPMTRUST_GITHUB_API_URL")
    """Base of GitHub's API, where preflight reads workflow files."""
    github_token: Annotated[SecretStr, AfterValidator(_check_secret)] | None = Field(
        None, validation_alias="NPMTRUST_GITHUB_TOKEN"
    )
    """A token of GitHub's that reads contents: for private repositories, and more than 60 files an hour. Whoever may
    ask here learns whether a workflow is as npm needs it, and the names of those beside it. Of repositories of other
    owners, to which a workflow refers, public ones alone are read. Default: none."""
    gitlab_url: BaseUrl = Field(GITLAB_URL, validation_alias="NPMTRUST_GITLAB_URL")
    """Base of GitLab."""
    gitlab_token: Annotated[SecretStr, AfterValidator(_check_secret)] | None = Field(
        None, validation_alias="NPMTRUST_GITLAB_TOKEN"
    )
    """A token of GitLab's with `read_api`: for private projects, as above. Default: none."""

    policy_file: Path | None = Field(None, validation_alias="NPMTRUST_POLICY_FILE")
    """Who may ask for what, and who decides, as TOML: `npmtrust policy check`. Read again when it changes. Default:
    none, npm's maintainers review and one of them suffices."""
    admins: Annotated[tuple[Person, ...], *CommaSeparated] = Field((), validation_alias="NPMTRUST_ADMINS")
    """Slack ids, comma separated: they confirm account links, cancel, freeze, acknowledge alarms, see `doctor`, and
    review the requests of only maintainers. Default: none."""
    channel: Channel = Field("", validation_alias="NPMTRUST_CHANNEL")
    """Id of the channel for requests and alarms. Default: the channel of the command or watch."""

    host: str = Field("0.0.0.0", validation_alias="NPMTRUST_HOST")  # noqa: S104 (a container's port is published by choice)
    """Address at which `/healthz`, `/readyz`, `/startupz` and, in HTTP mode, `/slack/events` are served."""
    port: int = Field(3000, ge=0, le=65535, validation_alias="NPMTRUST_PORT")
    """Its port; `0` takes any."""
    pace_seconds: float = Field(PACE_FLOOR, ge=0, le=3600, validation_alias="NPMTRUST_PACE_SECONDS")
    """From the end of one call to the start of the next; at least 2 unless the registry is on loopback."""
    lane: Literal["registry", "account"] = Field("registry", validation_alias="NPMTRUST_LANE")
    """Whose calls keep that pace together: `registry`, all of them; `account`, those of each npm account."""
    lag_seconds: float = Field(120, ge=0, le=3600, validation_alias="NPMTRUST_LAG_SECONDS")
    """How long npm's lists may lag behind a write."""
    handoff_seconds: float = Field(300, ge=60, le=900, validation_alias="NPMTRUST_HANDOFF_SECONDS")
    """How long a link of npm's is waited for; after that its person presses a button for a new one."""
    sessions: Literal["after_batch", "at_expiry"] = Field("after_batch", validation_alias="NPMTRUST_SESSIONS")
    """When npm's session of a person is ended: `after_batch`, some minutes after the last thing that it was for;
    `at_expiry`, when npm's two hours are over."""
    log_format: Literal["json", "console"] | None = Field(None, validation_alias="NPMTRUST_LOG_FORMAT")
    """`json` or `console`. Default: `console` at a terminal, else `json`."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", validation_alias="NPMTRUST_LOG_LEVEL")
    """`DEBUG`, `INFO`, `WARNING` or `ERROR`."""

    @property
    def website(self) -> str:
        """Base of npm's website, for links to packages."""
        secure, plain = f"https://{self.auth_hosts[0]}/", f"http://{self.auth_hosts[0]}/"
        return plain if _is_loopback(plain) else secure

    @model_validator(mode="after")
    def _check_together(self) -> "Settings":
        if self.app_token and self.signing_secret:
            raise ValueError(
                "SLACK_APP_TOKEN and SLACK_SIGNING_SECRET are both set: keep the first for Socket Mode, or the second"
                " for HTTP mode"
            )
        if not (self.app_token or self.signing_secret):
            raise ValueError(
                "set SLACK_APP_TOKEN (Socket Mode: no public address is needed)"
                " or SLACK_SIGNING_SECRET (HTTP mode: Slack posts to /slack/events)"
            )
        if self.pace_seconds < PACE_FLOOR and not _is_loopback(self.registry_url):
            raise ValueError(f"NPMTRUST_PACE_SECONDS is at least {PACE_FLOOR:g} unless the registry is on loopback")
        return self


def load_settings() -> Settings:
    """Read the settings.

    Raises:
        StartupError: Something is missing or wrong; the line names each variable and never a value.
    """
    try:
        return Settings()
    except ValidationError as err:
        # Not chained: the foreign error holds what was read, secrets included.
        raise StartupError(_explain(err)) from None
    except (OSError, UnicodeDecodeError) as err:
        raise StartupError(
            f".env cannot be read: {type(err).__name__}; look at its rights, and write it anew"
        ) from None


def parse_settings(values: Mapping[str, str]) -> Settings:
    """Read the settings as `.env` would give them if it held these values.

    Raises:
        StartupError: as `load_settings`.
    """
    given: dict[str, Any] = dict(values)
    try:
        return Settings(_env_file=None, **given)
    except ValidationError as err:
        raise StartupError(_explain(err)) from None


def _explain(error: ValidationError) -> str:
    found = error.errors(include_url=False, include_input=False, include_context=False)
    wrong_items = {each["loc"][0] for each in found if len(each["loc"]) > 1}
    sentences = (
        _sentence(str(each["loc"][0]) if each["loc"] else "", each["type"], each["msg"])
        for each in found
        if each["type"] != "default_factory_not_called"  # a consequence of another error, as the next is
        and not (each["type"] == "too_short" and each["loc"][0] in wrong_items)
    )
    return "; ".join(dict.fromkeys(sentences))


def _sentence(variable: str, kind: str, message: str) -> str:
    if kind == "missing":
        return f"{variable} is not set"
    message = message.removeprefix("Value error, ")
    return f"{variable}: {message}" if variable else message


class StorageSettings(BaseSettings):
    """What is needed to look into the database: an auditor has no token of Slack's."""

    model_config = Settings.model_config

    database_url: Annotated[SecretStr, AfterValidator(_check_database_url)] = Field(
        default_factory=_default_database, validation_alias="NPMTRUST_DATABASE_URL"
    )
    secret_keys: Annotated[tuple[Key, ...], *CommaSeparated] = Field(
        min_length=1, validation_alias="NPMTRUST_SECRET_KEYS"
    )


def load_storage_settings() -> StorageSettings:
    """Read where the database is, and its keys.

    Raises:
        StartupError: as `load_settings`.
    """
    try:
        return StorageSettings()
    except ValidationError as err:
        raise StartupError(_explain(err)) from None
    except (OSError, UnicodeDecodeError) as err:
        raise StartupError(
            f".env cannot be read: {type(err).__name__}; look at its rights, and write it anew"
        ) from None
