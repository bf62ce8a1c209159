import os
import stat
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from dotenv import dotenv_values
from hypothesis import given
from hypothesis import strategies as st

from bot import env_file
from bot.cli import main
from bot.errors import StartupError
from bot.init import ITEMS, collect, collect_again, find_asked
from bot.settings import Settings, load_settings

BOT, APP, SECRET, URL = "xoxb-1", "xapp-1", "signing", "https://registry.example.com/"
BOTH = {"SLACK_BOT_TOKEN": BOT, "SLACK_APP_TOKEN": APP}
DEAD = "http://127.0.0.1:9/"
"""Nobody listens there: the check at the end says so, and that is another test's business."""


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in os.environ:
        if name.upper().startswith(("NPMTRUST_", "SLACK_", "NPM_CONFIG_", "XDG_")):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("SLACK_API_URL", DEAD)


def no_registry() -> str:
    raise StartupError("there is no npm")


def npms_registry() -> str:
    return URL


class Typed:
    """Somebody who answers questions in the order in which they come."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.questions: list[str] = []
        self.hidden: list[bool] = []

    def __call__(self, question: str, is_secret: bool) -> str:  # noqa: FBT001 - as `Ask` has it
        self.questions.append(question)
        self.hidden.append(is_secret)
        return self.answers.pop(0)


def test_everything_is_asked_for_once_and_secrets_are_not_shown() -> None:
    typed = Typed(BOT, APP, "", "U0OTTO,U0OLGA", "")
    values = collect({}, {}, typed, npms_registry)
    assert values == {**BOTH, "NPMTRUST_REGISTRY_URL": URL, "NPMTRUST_ADMINS": "U0OTTO,U0OLGA"}
    assert typed.hidden == [True, True, False, False, False]
    assert f"[{URL}]" in typed.questions[2]


def test_without_an_app_token_the_signing_secret_is_asked_for() -> None:
    values = collect({}, {}, Typed(BOT, "", SECRET, "", "", ""), npms_registry)
    assert values == {"SLACK_BOT_TOKEN": BOT, "SLACK_SIGNING_SECRET": SECRET, "NPMTRUST_REGISTRY_URL": URL}


def test_what_is_needed_is_asked_for_until_it_is_there() -> None:
    typed = Typed("", " ", BOT, APP, "", URL, "", "")
    assert collect({}, {}, typed, no_registry)["NPMTRUST_REGISTRY_URL"] == URL
    assert typed.answers == []


def test_a_secret_that_is_known_is_kept_and_not_shown() -> None:
    typed = Typed("", "", "", "", "")
    assert collect({}, BOTH, typed, npms_registry) == {**BOTH, "NPMTRUST_REGISTRY_URL": URL}
    assert "[keep]" in typed.questions[0]
    assert not [question for question in typed.questions if BOT in question or APP in question]


def test_a_flag_goes_before_what_is_known_and_is_not_asked_for() -> None:
    typed = Typed("", "", "", "")
    values = collect({"SLACK_BOT_TOKEN": "xoxb-2"}, {**BOTH, "NPMTRUST_PORT": "80"}, typed, npms_registry)
    assert (values["SLACK_BOT_TOKEN"], values["NPMTRUST_PORT"]) == ("xoxb-2", "80")
    assert len(typed.questions) == 4


@pytest.mark.parametrize(
    ("given_flags", "known", "kept"),
    [
        ({"SLACK_SIGNING_SECRET": SECRET}, BOTH, "SLACK_SIGNING_SECRET"),
        ({"SLACK_APP_TOKEN": APP}, {"SLACK_BOT_TOKEN": BOT, "SLACK_SIGNING_SECRET": SECRET}, "SLACK_APP_TOKEN"),
    ],
)
def test_a_new_mode_takes_the_place_of_the_old(given_flags: dict[str, str], known: dict[str, str], kept: str) -> None:
    values = collect(given_flags, known, None, npms_registry)
    assert {"SLACK_SIGNING_SECRET", "SLACK_APP_TOKEN"} & values.keys() == {kept}


@pytest.mark.parametrize(
    ("known", "find", "missing"),
    [
        ({}, npms_registry, "--bot-token, --app-token (Socket Mode) or --signing-secret (HTTP)"),
        ({"SLACK_BOT_TOKEN": BOT}, npms_registry, "--app-token (Socket Mode) or --signing-secret (HTTP)"),
        (BOTH, no_registry, "--registry"),
    ],
)
def test_what_is_missing_is_named_where_nobody_can_be_asked(
    known: Mapping[str, str], find: Callable[[], str], missing: str
) -> None:
    with pytest.raises(StartupError) as failed:
        collect({}, known, None, find)
    assert str(failed.value) == f"nothing is written, since these are missing: {missing}"


FLAGS = ["--bot-token", BOT, "--app-token", APP, "--registry", DEAD, "--admins", "U0OTTO,U0OLGA"]


def test_the_command_writes_what_run_reads(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["init", *FLAGS]) == 1  # nobody listens, which is said
    told = capsys.readouterr().out
    assert told.startswith(".env is written")
    assert "failed  Slack token" in told
    assert told.endswith("Mend what failed, then: npmtrust check\n")
    settings = load_settings()
    assert settings.app_token is not None
    assert (settings.bot_token.get_secret_value(), settings.admins) == (BOT, ("U0OTTO", "U0OLGA"))
    assert stat.S_IMODE((tmp_path / ".env").stat().st_mode) == 0o600
    assert [each.name for each in tmp_path.iterdir()] == [".env"]


def test_a_file_that_is_there_is_not_written_over(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("NPMTRUST_PORT=4000\n")
    assert main(["init", *FLAGS]) == 1
    assert ".env is there already: --force changes" in capsys.readouterr().err
    assert (tmp_path / ".env").read_text() == "NPMTRUST_PORT=4000\n"


def test_force_changes_what_is_given_and_keeps_the_rest_and_the_key(tmp_path: Path) -> None:
    key = Fernet.generate_key().decode()
    (tmp_path / ".env").write_text(f"SLACK_BOT_TOKEN=xoxb-old\nNPMTRUST_PORT=4000\nNPMTRUST_SECRET_KEYS={key}\n")
    (tmp_path / ".env").chmod(0o644)
    main(["init", "--force", *FLAGS])
    settings = load_settings()
    assert (settings.bot_token.get_secret_value(), settings.port) == (BOT, 4000)
    assert [each.get_secret_value() for each in settings.secret_keys] == [key]
    assert stat.S_IMODE((tmp_path / ".env").stat().st_mode) == 0o600


MISTAKES = [
    (["--bot-token", "xoxp-1"], "SLACK_BOT_TOKEN: expected the bot token"),
    (["--app-token", "xoxb-1"], "SLACK_APP_TOKEN: expected an app-level token"),
    (["--signing-secret", "s"], "SLACK_APP_TOKEN and SLACK_SIGNING_SECRET are both set"),
    (["--registry", "http://registry.example.com"], "NPMTRUST_REGISTRY_URL: http is accepted only on loopback"),
    (["--admins", "@otto"], "NPMTRUST_ADMINS: expected Slack ids"),
    (["--channel", "#releases"], "NPMTRUST_CHANNEL: expected the id of a channel"),
    (["--auth-hosts", "https://x"], "NPMTRUST_AUTH_HOSTS: expected host or host:port"),
    (["--database", "mysql://x"], "NPMTRUST_DATABASE_URL: expected sqlite"),
    (["--database", "sqlite:////data/it's"], "NPMTRUST_DATABASE_URL has a character that .env cannot hold"),
]


@pytest.mark.parametrize(("flags", "line"), MISTAKES)
def test_a_mistake_is_one_line_and_nothing_is_written(
    flags: list[str], line: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main(["init", *FLAGS, *flags]) == 1
    told = capsys.readouterr().err
    assert told.startswith(f"npmtrust: {line}")
    assert told.count("\n") == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("wrong", ["SLACK_APP_TOKEN", "NPMTRUST_REGISTRY_URL", "NPMTRUST_CHANNEL"])
def test_what_was_wrong_is_asked_for_again_and_nothing_else(wrong: str) -> None:
    values = {**BOTH, "NPMTRUST_REGISTRY_URL": URL, "NPMTRUST_CHANNEL": "C1", "NPMTRUST_PORT": "80", wrong: "wrong"}
    typed = Typed("right")
    again = collect_again(values, f"{wrong}: expected something else; NPMTRUST_PORT: too", typed)
    assert again == {**values, wrong: "right"}
    assert "wrong" not in typed.questions[0]


def test_a_signing_secret_that_was_wrong_does_not_bring_back_the_other_mode() -> None:
    values = {"SLACK_BOT_TOKEN": BOT, "SLACK_SIGNING_SECRET": "wrong one", "NPMTRUST_REGISTRY_URL": URL}
    typed = Typed(SECRET)
    assert collect_again(values, "SLACK_SIGNING_SECRET: it holds a space", typed)["SLACK_SIGNING_SECRET"] == SECRET
    assert typed.hidden == [True]


def test_what_is_not_asked_for_is_told_at_the_end() -> None:
    assert find_asked("NPMTRUST_PORT: too large; NPMTRUST_AUTH_HOSTS: expected host") == set()


def test_a_file_that_cannot_be_read_is_told(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"NPMTRUST_PORT=\xff\xfe\n")
    assert main(["init", "--force", *FLAGS]) == 1
    assert capsys.readouterr().err.startswith("npmtrust: .env cannot be read: UnicodeDecodeError; look at its rights")


def test_what_cannot_be_put_in_its_place_leaves_no_secrets_behind(tmp_path: Path) -> None:
    (tmp_path / ".env").mkdir()
    with pytest.raises(StartupError, match=r"cannot be written: Is a directory"):
        env_file.write_file(tmp_path / ".env", BOTH)
    assert [each.name for each in tmp_path.iterdir()] == [".env"]


def test_a_link_is_replaced_and_what_it_leads_to_is_not_written(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("")
    (tmp_path / ".env").symlink_to(tmp_path / "elsewhere")
    env_file.write_file(tmp_path / ".env", BOTH)
    assert (tmp_path / "elsewhere").read_text() == ""
    assert not (tmp_path / ".env").is_symlink()


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(StartupError, match=r"cannot be written: "):
        env_file.write_file(tmp_path / "none" / ".env", {})


@given(st.dictionaries(st.from_regex(r"[A-Z_]{1,9}", fullmatch=True), st.text(max_size=30), max_size=4))
def test_what_is_written_is_read_again_or_refused(
    tmp_path_factory: pytest.TempPathFactory, values: dict[str, str]
) -> None:
    path = tmp_path_factory.mktemp("env") / ".env"
    try:
        env_file.write_file(path, values)
    except StartupError:
        assert not path.exists()
        return
    assert dotenv_values(path) == values


def test_flags_are_settings() -> None:
    known = {str(field.validation_alias) for field in Settings.model_fields.values()}
    assert {item.variable for item in ITEMS} <= known
