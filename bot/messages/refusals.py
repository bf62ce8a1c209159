"""Why something was not staged, each with the way out. Nothing was stored and nobody was asked."""

from bot.domain.mistakes import Mistake
from bot.messages._blocks import actions, answer, button, code, context, message, section
from bot.messages._text import bold, mention_channel, names, safe
from bot.messages._words import COMMAND, package_words
from bot.messages.ids import Action
from bot.messages.message import Message

_NOT_STAGED = "Nothing was asked for."


def render_package_not_found(package: str, *, linked: bool, why: str = "") -> Message:
    """The registry does not show it; `linked`: nor does it to the person's own account; `why`: npm says why."""
    if why:
        out = "Nobody can set up trust for it. If that is a mistake, write to npm's support."
        return _refuse(f"npm shows {_name(package)} to nobody: “{safe(why)}”", out)
    if linked:
        out = "Check the name. If it is new, publish a first version: npm gives trust only to packages that exist."
        return _refuse(f"{_name(package)} does not exist, or your npm account may not see it.", out)
    text = f"❌ {bold(_NOT_STAGED)} {_name(package)} is not public, or does not exist."
    out = "Check the name; if it is private, log in with your npm account, so that I can look with it."
    link = actions(button("Link my npm account", Action.LINK_ACCOUNT, style="primary"))
    return message(text, section(text, out), link)


def render_package_refused(package: str, why: str) -> Message:
    """The public does not see it, and npm does not show it to the person's account."""
    return _refuse(
        f"{_name(package)} is not public, and npm does not show it to your account: “{safe(why, 400)}”",
        "Ask somebody who maintains it, or log in with another npm account.",
    )


def render_session_needed(package: str) -> Message:
    """The public does not see it, and npm has ended the session with which I would have looked."""
    text = f"❌ {bold(_NOT_STAGED)} {_name(package)} is not public, or does not exist."
    why = "npm has ended your session, so I could not look with your account. Log in, then send it again."
    link = actions(button("Log in at npm", Action.LINK_ACCOUNT, style="primary"))
    return message(text, section(text, why), link)


def render_no_maintainers(package: str) -> Message:
    """The package's data names nobody."""
    return _refuse(
        f"npm names no maintainers of {_name(package)}, so nobody could approve.",
        "Look at the package's page on npm, or write to npm's support.",
    )


def render_no_admins(package: str) -> Message:
    """The only maintainer is the requester."""
    return _refuse(
        f"You are the only maintainer of {_name(package)}, and nobody approves their own request.",
        "Have `NPMTRUST_ADMINS` set to Slack ids of people who may review this, or add a second maintainer at npm.",
    )


def render_already_open(package: str, number: int) -> Message:
    """The very same is asked for already."""
    return _refuse(
        f"The same is asked for {_name(package)} already, in C-{number}.",
        f"See it with `{COMMAND} status C-{number}`; reviewers decide there.",
    )


def render_package_busy(package: str, number: int) -> Message:
    """Another open step touches the package."""
    return _refuse(
        f"Something else is open for {_name(package)}: C-{number}.",
        f"Wait for it, or end it with `{COMMAND} cancel C-{number}`; then ask again.",
    )


def render_cannot_post(channel: str, why: str = "") -> Message:
    """Nobody would see the request."""
    cannot = f"I cannot post in {mention_channel(channel)}, so nobody could see the request."
    if why == "is_archived":
        return _refuse(f"{cannot} It is archived.", "Ask in another channel.")
    told = "" if why in {"", "not_in_channel", "channel_not_found"} else f" Slack says: {safe(why, 200)}."
    return _refuse(f"{cannot}{told}", "Type `/invite @npmtrust` there, then ask again.")


def render_private_package(package: str) -> Message:
    """Its name must not be seen by everybody."""
    return _refuse(
        f"{_name(package)} is private, and everybody can read this channel.",
        "Ask in a private channel with me in it, or in a DM with me.",
    )


def render_repository_missing(package: str, *, flag: str) -> Message:
    """The package names no repository that fits the provider."""
    return _refuse(
        f"{_name(package)} names no repository that I could take for `--{safe(flag, 30)}`.",
        f"Ask again with `--{safe(flag, 30)}` in the line, as below.",
    )


def render_repository_unfit(package: str, *, found: str, provider: str) -> Message:
    """The package's repository is on another host."""
    return _refuse(
        f"{_name(package)} names a repository that is not one of {safe(provider, 60)}: {safe(found, 200)}.",
        "Name the repository or project in the line, as below.",
    )


def render_template_unfit(package: str, mistake: Mistake) -> Message:
    """A template, filled with the package's name, makes something that is no value for its flag."""
    why = f"For {_name(package)} the template makes {safe(mistake.got, 200)}: {safe(mistake.what, 300)}"
    return _refuse(why, f"Expected: {safe(mistake.expected, 300)}.")


def render_other_registry(given: str, *, host: str) -> Message:
    """`--registry` is not the configured one."""
    return _refuse(
        f"I work with the registry at {safe(host, 200)} only, not with {safe(given, 200)}.", "Leave `--registry` out."
    )


def render_too_many(most: int) -> Message:
    """More packages than one change set takes here."""
    return _refuse(f"One request takes at most {most} packages.", "Ask in several lines.")


def render_nothing_matches(package: str, *, repository: str) -> Message:
    """No configuration behind a selector, as far as could be read."""
    return _refuse(
        f"No configuration of {_name(package)} trusts {safe(repository, 140)}.",
        "Name the package to see what stands: `/npmtrust list PACKAGE`.",
    )


def render_secret_refused(line: str = "") -> Message:
    """A one-time password or a token was in the line."""
    text = f"🔒 {bold('I never take one-time passwords or tokens; nothing was stored.')}"
    out = "When npm asks for your second factor, I send you its own link. If it was a real token, revoke it at npm."
    without = [context("The line without it:"), *code(f"{COMMAND} {line}")] if line else []
    return message(text, section(text, out), *without)


def render_with_line(refusal: Message, line: str, *, edit: str = "") -> Message:
    """Give the line back with a refusal, so that nobody types it again. `edit` is the value of [Edit]."""
    again = actions(button("Edit", Action.EDIT, edit)) if edit else None
    blocks = (*refusal.blocks, context("Your line, to ask again:"), *code(f"{COMMAND} {line}"))
    return message(refusal.text, *blocks, again)


def note_of_look(packages: list[str]) -> str:
    """Say, as a remark and no refusal, that an id was not read: a reviewer must look first."""
    which = f"Which configuration this is has not been read yet ({names(packages)})"
    return f"{which}: a reviewer presses Look, then can approve."


def _refuse(why: str, out: str) -> Message:
    return answer(f"❌ {bold(_NOT_STAGED)} {why}", out)


def _name(package: str) -> str:
    return safe(package_words(package), 214) or "the package"
