"""Answers to a typed line, seen only by the person who typed it."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from bot.domain.command_help import HELP, CommandHelp
from bot.domain.commands import Misunderstood
from bot.domain.mistakes import Mistake
from bot.domain.overview import LinkState, LinkView
from bot.domain.windows import Asking, Method, Seen
from bot.messages._blocks import actions, answer, button, code, context, message, section
from bot.messages._text import bold, safe, typed, when
from bot.messages._words import COMMAND
from bot.messages.ids import Action
from bot.messages.message import Block, Message

_MOST_MISTAKES = 10


def render_mistakes(misunderstood: Misunderstood, line: str, *, edit: str = "") -> Message:
    """Say what was expected, what came and what would be right. `edit` is the value of [Edit]: a draft, or empty."""
    title = "I could not take that line; nothing was asked for."
    told = (section(*_mistake_lines(mistake)) for mistake in misunderstood.mistakes[:_MOST_MISTAKES])
    if misunderstood.corrected:
        echo: list[Block] = [context("As it could be:"), *code(f"{COMMAND} {misunderstood.corrected}")]
    else:
        echo = [context("What came:"), *code(f"{COMMAND} {line}".strip())]
    return message(
        title, section(bold(title)), *told, *echo, actions(button("Edit", Action.EDIT, edit) if edit else None)
    )


def render_remarks(remarks: Iterable[str]) -> Message | None:
    """Tell what was accepted and means nothing here, such as `-y`; nothing where there is no remark."""
    told = [f"ℹ️ {safe(remark, 400)}" for remark in remarks]  # noqa: RUF001 -- the sign that people know
    return answer(*told) if told else None


def render_help(topic: str = "") -> Message:
    """Explain one command, or list them all."""
    if topic in HELP:
        return _command_help(topic, HELP[topic])
    unknown = f"There is no command {safe(topic, 60)}. These are all:" if topic else ""
    lead = "Owners of npm packages set up trusted publishers together: one asks, another approves, npm confirms."
    commands = (f"{bold(safe(name, 60))}: {safe(help_.summary, 400)}" for name, help_ in HELP.items())
    return message(
        lead,
        section(unknown, lead),
        section(*commands),
        context(f"Flags and examples: {COMMAND} help github · mistakes are answered with the right line"),
    )


def render_who_am_i(link: LinkView | None) -> Message:
    """Show the link and the session of the person."""
    if link is None or link.state is LinkState.CLOSED:
        text = (
            "You are not linked to an npm account. One login at npm links you; then you can approve for your packages."
        )
        return message(
            text, section(text), actions(button("Link my npm account", Action.LINK_ACCOUNT, style="primary"))
        )
    user = bold(safe(link.npm_user, 60))
    if link.state is LinkState.PENDING:
        return answer(
            f"You logged in as npm user {user}. An admin must confirm that this is you; until then it is not used."
        )
    proof = safe(link.proof, 200)
    return answer(f"You are npm user {user}{f' ({proof})' if proof else ''}.", _session_line(link), _asking_line(link))


def render_logged_out(npm_user: str, *, ended_at_npm: bool) -> Message:
    """The session is wiped and the link is closed."""
    user = safe(npm_user, 60)
    if ended_at_npm:
        return answer(
            f"Your npm session as {user} is wiped here and ended at npm, and the link is closed.",
            f"`{COMMAND} login` links you again.",
        )
    return answer(
        f"Your npm session as {user} is wiped here, and the link is closed. "
        "npm could not be told: there the session ends by itself within two hours.",
        f"`{COMMAND} login` links you again.",
    )


def render_nothing_to_log_out() -> Message:
    """There was no link."""
    return answer("You are not linked to an npm account, so there is nothing to log out of.")


def render_json(document: Any) -> Message:  # noqa: ANN401 -- whatever JSON can hold
    """Show JSON to be copied: nothing in it is interpreted."""
    return message("Here is the JSON.", *code(json.dumps(document, indent=2)))


def _mistake_lines(mistake: Mistake) -> Iterator[str]:
    yield f"❌ {safe(mistake.what, 600)}"
    yield f"Expected: {safe(mistake.expected, 600)}" if mistake.expected else ""
    yield f"Came: {safe(mistake.got, 600) or 'nothing'}"
    yield f"Did you mean {bold(safe(mistake.suggestion, 300))}?" if mistake.suggestion else ""


def _command_help(topic: str, help_: CommandHelp) -> Message:
    examples = "\n".join(
        example if example.startswith(COMMAND) else f"{COMMAND} {example}" for example in help_.examples
    )
    usage = help_.usage if help_.usage.startswith(COMMAND) else f"{COMMAND} {help_.usage}"
    return message(
        f"How {topic} works",
        section(bold(safe(topic, 60)), safe(help_.summary, 1000)),
        *code(usage),
        *(
            [section(*(f"• {typed(part)}: {safe(meaning, 300)}" for part, meaning in help_.notes))]
            if help_.notes
            else []
        ),
        *([context("For example:"), *code(examples)] if examples else []),
    )


_METHODS = {Method.CREATE: "setting up", Method.REVOKE: "revoking", Method.LIST: "reading npm's list"}


def _asking_line(link: LinkView) -> str:
    if link.session_until is None:
        return ""
    seen = [f"{_METHODS[each.method]}: {_asking_words(each)}" for each in link.windows if each.at]
    if not seen:
        return "Whether npm asks you to confirm each call of this session is not known yet: the calls to come show it."
    return f"After a confirmation, in this session: {' · '.join(seen)}."


def _asking_words(seen: Seen) -> str:
    words = "npm asked again for the next call" if seen.asking is Asking.EACH else "npm let the next call pass"
    return f"{words} ({when(seen.at)})" if seen.at else words


def _session_line(link: LinkView) -> str:
    if link.session_until:
        return f"Your npm session lasts until {when(link.session_until)}; `{COMMAND} logout` ends it sooner."
    return "You have no npm session now, and need none: when something waits for one, I send you npm's login link."
