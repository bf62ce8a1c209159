"""What Slack's Web API wants a bot token to be allowed, by the pages of its methods (https://docs.slack.dev/reference)."""

from collections.abc import Mapping

from bot.sandbox.slack_state import JsonObject, Workspace

NEEDED: Mapping[str, str] = {
    "auth.test": "",
    "chat.postMessage": "chat:write",
    "chat.update": "chat:write",
    "chat.postEphemeral": "chat:write",
    "conversations.open": "im:write",
    "users.info": "users:read",
    "usergroups.users.list": "usergroups:read",
    "views.open": "",
    "views.publish": "",
    "views.push": "",
    "views.update": "",
    "files.getUploadURLExternal": "files:write",
    "files.completeUploadExternal": "files:write",
    "files.info": "files:read",
    "apps.connections.open": "",
}
"""By method, for those that need the same whatever they are called with. The last takes the token of the app itself."""

DOWNLOAD = "files:read"
"""What downloads take."""

ANY_PUBLIC = "chat:write.public"
"""With it the bot posts to public channels that it is no member of."""

EMAIL = "users:read.email"
"""Without it people have no e-mail."""


def find_needed(method: str, arguments: Mapping[str, object], workspace: Workspace) -> str:
    """Tell the scope that a call needs; empty when it needs none."""
    if method not in {"conversations.info", "conversations.members"}:
        return NEEDED[method]
    channel = workspace.channels.get(str(arguments.get("channel")))
    if channel is None:
        return "channels:read"
    if channel.kind == "dm":
        return "im:read"
    return "groups:read" if channel.is_private else "channels:read"


def hide(answer: JsonObject, granted: frozenset[str]) -> JsonObject:
    """Leave out of an answer what the token may not see."""
    user = answer.get("user")
    if EMAIL in granted or not isinstance(user, dict):
        return answer
    profile = {name: value for name, value in user["profile"].items() if name != "email"}
    return {**answer, "user": {**user, "profile": profile}}
