"""The app manifest: what Slack is told to make of npmtrust (https://docs.slack.dev/reference/app-manifest).

A test holds it to the code both ways: nothing is asked for that is not used, and nothing is used that is not asked for.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from bot.errors import StartupError

COMMAND = "/npmtrust"
EVENTS_PATH = "/slack/events"
EVENT = "app_home_opened"
"""Somebody opens App Home: the one event that Slack tells us of. It needs no scope."""

_READS = ("channels:read", "groups:read", "im:read", "mpim:read")

METHOD_SCOPES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "auth.test": (),
        "chat.postMessage": ("chat:write",),
        "chat.update": ("chat:write",),
        "chat.postEphemeral": ("chat:write",),
        "conversations.open": ("im:write",),
        "conversations.info": _READS,
        "conversations.members": _READS,
        "users.info": ("users:read", "users:read.email"),
        "usergroups.users.list": ("usergroups:read",),
        "views.open": (),
        "views.update": (),
        "views.publish": (),
        "files.getUploadURLExternal": ("files:write",),
        "files.completeUploadExternal": ("files:write",),
        "files.info": ("files:read",),
    }
)
"""The bot scopes that each method of Slack's Web API needs for what we do with it: all that `Notifier` calls."""

APP_METHOD_SCOPES: Mapping[str, tuple[str, ...]] = MappingProxyType({"apps.connections.open": ("connections:write",)})
"""The same for the app token, which somebody makes by hand: no manifest can ask for it."""

SCOPES: Mapping[str, str] = MappingProxyType(
    {
        "commands": f"the command `{COMMAND}`",
        "chat:write": "requests, their outcomes, digests and answers; it posts only where it was invited",
        "im:write": "opening the DM in which somebody gets npm's link; links are sent nowhere else",
        "im:read": "whether a request is made in a DM with the bot, where a private package may be named",
        "mpim:read": "the same for DMs of several people",
        "channels:read": "whether the bot is in a channel before it promises something there, and who sees it,"
        " so that reviewers elsewhere get a DM",
        "groups:read": "the same for private channels that it was invited to",
        "users:read": "who presses: guests, bots and deactivated people may not decide; the time zone of a digest",
        "users:read.email": "the proof that somebody is an npm user: npm's verified e-mail is the one in Slack",
        "usergroups:read": "who is in a user group that a policy names as reviewers; of no other group it is asked",
        "files:write": "the list behind `coverage`, as a CSV file below its message, and the picture in a digest",
        "files:read": "the file that somebody puts into the form of `bulk`; no other is asked for",
    }
)
"""Every bot scope, with what it is for."""

_DESCRIPTION = "Owners of npm packages manage trusted publishers together: one asks, another approves, npm confirms."
_LONG_DESCRIPTION = (
    "npmtrust does for a team what `npm trust` does for one person. Somebody asks that a workflow may publish a"
    " package, another owner of the package approves with a button, npm's own two-factor confirmation reaches the"
    " approver as a link in a DM, and the registry calls run at npm's pace. A digest shows which packages still lack"
    " trusted publishing, and an alarm tells when one loses it. Decisions are bound to exactly what was shown."
)
_PUBLIC_ADDRESS = re.compile(r"https://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9._~/-]{0,1000})?")
_USAGE_HINT = "github PACKAGE --repo OWNER/REPO --file release.yml | coverage @scope/* | help"


def build_manifest(base_url: str = "") -> dict[str, Any]:
    """Build the manifest: for Socket Mode, or for HTTP where the public address of the bot is given.

    Raises:
        StartupError: Slack could not post to that address.
    """
    request_url = _request_url(base_url) if base_url else ""
    command: dict[str, Any] = {
        "command": COMMAND,
        "description": "Set up, revoke and watch trusted publishers of npm packages",
        "usage_hint": _USAGE_HINT,
        "should_escape": True,  # a channel comes with its id, which its name alone could not be made into
    }
    interactivity: dict[str, Any] = {"is_enabled": True}
    events: dict[str, Any] = {"bot_events": [EVENT]}
    if request_url:
        command["url"] = interactivity["request_url"] = events["request_url"] = request_url
    return {
        "display_information": {
            "name": "npmtrust",
            "description": _DESCRIPTION,
            "long_description": _LONG_DESCRIPTION,
        },
        "features": {
            # Home shows everybody what waits for them. Without the messages tab nobody could type a command in the DM,
            # or find npm's link again.
            "app_home": {
                "home_tab_enabled": True,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": False,
            },
            "bot_user": {"display_name": "npmtrust", "always_online": True},
            "slash_commands": [command],
        },
        "oauth_config": {"scopes": {"bot": list(SCOPES)}},
        "settings": {
            "event_subscriptions": events,
            "interactivity": interactivity,
            "org_deploy_enabled": False,
            "socket_mode_enabled": not base_url,
            "token_rotation_enabled": False,
        },
    }


def _request_url(base_url: str) -> str:
    """Tell where Slack posts to, of the bot at this public address."""
    if not _PUBLIC_ADDRESS.fullmatch(base_url):
        raise StartupError("expected the public address of the bot after --http, such as https://npmtrust.example.com")
    return base_url.rstrip("/").removesuffix(EVENTS_PATH) + EVENTS_PATH
