import ast
import inspect
import json
from collections.abc import Iterator
from typing import Any

import pytest

from bot import notifications
from bot.cli import main
from bot.errors import StartupError
from bot.manifest import APP_METHOD_SCOPES, COMMAND, METHOD_SCOPES, SCOPES, build_manifest
from bot.messages import _words
from bot.sandbox.slack_state import BOT_NAME
from handlers import front_door

PUBLIC = "https://npmtrust.example.com"
SLACKS_OWN = {"token", "proxy"}
"""What the SDK's client has beside the methods of the Web API."""


def calls_on(module: object, attribute: str) -> set[str]:
    """Find what is called on `self._client` or on `bolt`, by reading the source."""
    tree = ast.parse(inspect.getsource(module))  # type: ignore[arg-type]
    return {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) in {attribute, f"self.{attribute}"}
    }


def strings_of(value: object) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for each in value.values():
                yield from strings_of(each)
        case list():
            for each in value:
                yield from strings_of(each)
        case _:
            return


def test_every_method_that_is_called_has_its_scopes_and_no_other_has() -> None:
    called = {name.replace("_", ".", 1) for name in calls_on(notifications, "_client") - SLACKS_OWN}
    called = {name.replace("apps.connections_", "apps.connections.") for name in called}
    called = {name.replace("usergroups.users_", "usergroups.users.") for name in called}
    assert called == METHOD_SCOPES.keys() | APP_METHOD_SCOPES.keys()


def test_the_scopes_are_those_of_the_methods_and_of_the_command() -> None:
    assert SCOPES.keys() == {"commands"}.union(*METHOD_SCOPES.values())
    assert build_manifest()["oauth_config"] == {"scopes": {"bot": list(SCOPES)}}


def test_it_announces_what_is_listened_to_and_nothing_else() -> None:
    listened = calls_on(front_door, "bolt") - {"error"}
    manifest = build_manifest()
    features, settings = manifest["features"], manifest["settings"]
    announced = {
        "command": bool(features["slash_commands"]),
        "event": "event_subscriptions" in settings,
        "shortcut": "shortcuts" in features,
        "block_action": settings["interactivity"]["is_enabled"],
        "view_submission": settings["interactivity"]["is_enabled"],
        "view_closed": settings["interactivity"]["is_enabled"],
    }
    assert {name for name, is_announced in announced.items() if is_announced} == listened


def test_the_command_is_the_one_that_messages_name() -> None:
    manifest = build_manifest()
    assert [command["command"] for command in manifest["features"]["slash_commands"]] == [COMMAND] == [_words.COMMAND]
    assert manifest["features"]["bot_user"]["display_name"] == manifest["display_information"]["name"] == BOT_NAME


@pytest.mark.parametrize("url", ["", PUBLIC])
def test_it_is_within_slacks_limits(url: str) -> None:
    """https://github.com/slackapi/manifest-schema, version 1."""
    manifest = build_manifest(url)
    shown, features = manifest["display_information"], manifest["features"]
    [command] = features["slash_commands"]
    assert len(shown["name"]) <= 35
    assert len(shown["description"]) <= 140
    assert 175 <= len(shown["long_description"]) <= 4000
    assert len(features["bot_user"]["display_name"]) <= 80
    assert command["command"].startswith("/")
    assert len(command["command"]) <= 32
    assert len(command["description"]) <= 2000
    assert len(command["usage_hint"]) <= 1000
    assert len(manifest["oauth_config"]["scopes"]["bot"]) <= 255
    assert all(strings_of(manifest))


def test_socket_mode_names_no_address() -> None:
    manifest = build_manifest()
    assert manifest["settings"]["socket_mode_enabled"]
    assert not [text for text in strings_of(manifest) if text.startswith("http")]


@pytest.mark.parametrize("given", [PUBLIC, f"{PUBLIC}/", f"{PUBLIC}/slack/events", f"{PUBLIC}/slack/events/"])
def test_http_names_the_address_of_everything(given: str) -> None:
    manifest = build_manifest(given)
    assert not manifest["settings"]["socket_mode_enabled"]
    assert {text for text in strings_of(manifest) if text.startswith("http")} == {f"{PUBLIC}/slack/events"}
    assert manifest["features"]["slash_commands"][0]["url"] == manifest["settings"]["interactivity"]["request_url"]


def test_a_path_before_ours_is_kept() -> None:
    assert f"{PUBLIC}:8443/bots/npmtrust/slack/events" in strings_of(build_manifest(f"{PUBLIC}:8443/bots/npmtrust"))


BAD_ADDRESSES = [
    "http://npmtrust.example.com",  # Slack posts over TLS alone
    "npmtrust.example.com",
    "ftp://npmtrust.example.com",
    "https://",
    "https:///slack/events",
    "https://me@npmtrust.example.com",
    "https://npmtrust.example.com?a=b",
    "https://npmtrust.example.com/#top",
    "https://npm trust.example.com",
    "https://npmtrust.example.com:port",
    "https://npmtrust.example.com\\@evil.example",
    f"https://npmtrust.example.com/{'a' * 3000}",
]


@pytest.mark.parametrize("url", BAD_ADDRESSES, ids=lambda url: url[:40])
def test_an_address_that_slack_could_not_post_to_is_refused(url: str) -> None:
    with pytest.raises(StartupError, match="expected the public address of the bot after --http"):
        build_manifest(url)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [([], build_manifest()), (["--socket"], build_manifest()), (["--http", PUBLIC], build_manifest(PUBLIC))],
)
def test_the_command_line_prints_it(
    arguments: list[str], expected: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["manifest", *arguments]) == 0
    assert json.loads(capsys.readouterr().out) == expected


def test_a_wrong_address_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["manifest", "--http", "http://x"]) == 1
    assert capsys.readouterr().err.startswith("npmtrust: expected the public address")


def test_both_modes_at_once_are_a_wrong_use() -> None:
    with pytest.raises(SystemExit) as ended:
        main(["manifest", "--socket", "--http", PUBLIC])
    assert ended.value.code == 2
