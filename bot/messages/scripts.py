"""Calls for the approver's own terminal: the lines to paste, and what came of them."""

from collections.abc import Iterable, Iterator

from bot.domain.lifecycle import State
from bot.domain.npm_line import npm_line
from bot.domain.operations import Operation
from bot.domain.script_views import ScriptStep, ScriptView
from bot.messages._blocks import actions, answer, button, code, message, section
from bot.messages._text import bold, clean_lines, count, safe, typed
from bot.messages._words import request_words
from bot.messages.ids import Action
from bot.messages.message import Block, Message

PAUSE_SECONDS = 2
"""Between two calls, as the lane's pace has it."""

_LONGEST_LINE = 2500
_BLOCK = 2800
"""Letters of lines in one block, which Slack shows whole."""

_READS_ASK = "npm asks this session for each read too, so each package that I look at needs a link."

_THERE = frozenset({State.APPLIED, State.ALREADY_IN_PLACE, State.ALREADY_GONE})
_STOPPED = frozenset({State.CANCELLED, State.EXPIRED, State.REJECTED})


def script_line(operation: Operation, registry: str) -> str:
    """Write the line of a call with the pause after it; empty where npm or Slack would not take it as it is."""
    line = npm_line(operation, registry=registry)
    is_shown = bool(line) and clean_lines(line) == line and len(line) <= _LONGEST_LINE
    return f"{line} && sleep {PAUSE_SECONDS}" if is_shown else ""


def render_script(view: ScriptView) -> Message:
    """Draw the lines while they are to be run, then what npm's lists show of them."""
    if view.ran_at is None and any(step.is_given for step in view.steps):
        return _to_run(view)
    done = view.ran_at is not None
    title = f"{'You ran' if done else 'Not to be run any more:'} {count(len(view.steps), 'call')} in your own terminal"
    told = "npm's lists tell what came of it:" if done else "It was stopped, or goes on with another account."
    return message(title, section(bold(title), told), *_in_sections(map(_result_line, view.steps)))


def render_script_given(calls: int) -> Message:
    """They are the presser's to run now."""
    those = "That call is" if calls == 1 else f"Those {calls} calls are"
    return answer(f"{those} yours to run now: the lines are below in this DM. I make none of them meanwhile.")


def render_nothing_to_script() -> Message:
    """Nothing waits any more that could be run by hand."""
    return answer("Nothing waits here that you could run yourself: it was done or stopped, or goes on another way.")


def render_ran(calls: int) -> Message:
    """Finding out begins."""
    lists = "npm's list of that package" if calls == 1 else f"npm's lists of those {calls} packages"
    return answer(
        f"Thank you. I read {lists} with your account now. If npm asks for that too, its link comes to you by DM."
    )


def render_ran_already() -> Message:
    """Pressed again, or there is nothing left to look at."""
    return answer("You told me already, or it was stopped meanwhile: the message of the script shows where it is.")


def _to_run(view: ScriptView) -> Message:
    given = [step for step in view.steps if step.is_given]
    title = f"Run in your own terminal: {count(len(given), 'call')}"
    gone = len(view.steps) - len(given)
    look = typed(f"npm whoami --registry={view.registry}")
    sets = ", ".join(dict.fromkeys(f"C-{step.change_set}" for step in given))
    return message(
        title,
        section(
            bold(title),
            f"As npm user {bold(safe(view.npm_user, 60))}: {look} must say so.",
            "Paste it into sh, bash or zsh with npm 11.15 or later; npm asks you there to confirm.",
            f"⚠️ {count(gone, 'line is', 'lines are')} gone since: use no older copy." if gone else "",
        ),
        *_code_blocks(script_line(step.operation, view.registry) for step in given),
        section(
            f"Approved: {sets}. I make none of these calls while they are yours.",
            f"Then press {bold('I ran it')}, also if only a part of it went well: I read npm's list of each package, "
            "and what is not there goes on here, by links.",
            _READS_ASK if view.reads_ask else "",
            _replaces_line(view.replaces),
        ),
        actions(button("I ran it", Action.SCRIPT_RAN, view.id, style="primary")),
    )


def _replaces_line(number: int) -> str:
    """Say why a replacement is no line: a shell that is stopped half way leaves a package that nobody can publish."""
    if not number:
        return ""
    those = "1 replacement is" if number == 1 else f"{number} replacements are"
    why = "I look at npm's list before the first call, and put the old one back where npm refuses the new one."
    goes = "goes" if number == 1 else "go"
    return f"{those} left out on purpose, and {goes} on here by links: {why} Lines in a shell do neither."


def _code_blocks(lines: Iterable[str]) -> Iterator[Block]:
    """Put the lines into blocks that are each whole: a shell reads to the closing brace before it begins.

    So npm, which waits for a key when it asks to confirm, does not swallow the lines after its own.
    """
    held: list[str] = []
    for line in lines:
        if held and sum(map(len, held)) + len(held) + len(line) > _BLOCK:
            yield from code("\n".join(["{", *held, "}"]))
            held = []
        held.append(line)
    yield from code("\n".join(["{", *held, "}"]))


def _in_sections(lines: Iterable[str], size: int = 5) -> Iterator[Block]:
    every = list(lines)
    yield from (section(*every[start : start + size]) for start in range(0, len(every), size))


def _result_line(step: ScriptStep) -> str:
    return f"{_result_words(step)} · {safe(request_words(step.operation), 400)} · C-{step.change_set}"


def _result_words(step: ScriptStep) -> str:
    match step.state:
        case state if state in _THERE:
            return "✅ npm has it"
        case state if state in _STOPPED:
            return "⏹ Stopped, and npm does not have it"
        case State.CONFLICT:
            return "⚠️ Not there: another configuration is in its way"
        case State.REFUSED:
            return "❌ Not there: npm refused it"
        case State.UNRESOLVED:
            return "⚠️ I could not find out"
        case State.UNKNOWN:
            return "⏳ I look at npm's list"
        case State.WAITING if step.is_given:
            return "⏳ I have not looked yet"
        case _:
            return "🔁 Not seen there: it goes on here, by a link"
