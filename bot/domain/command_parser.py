"""Text to command. Parsing never raises; what is no command is a value that says how to mend it.

    line     = [ prefix ] [ command ]               empty: help
    prefix   = { "/npmtrust" | "npmtrust" | "$" | "npx" [ "-y" ] | [ "npm" ] "trust" }
    command  = set-up | revoke | replace | list | coverage | watch | numbered | subject | plain | help
    set-up   = provider                             alone: its form
             | provider packages { flag | "--hold" }
    provider = "github" | "gitlab" | "circleci"     with npm's flags of each: see bot.domain.publishers
    packages = ( package | pattern ) { package | pattern }
    revoke   = "revoke" packages selector { flag }
    replace  = "replace" packages selector "with" provider { flag }
    selector = "--id" ID | "--from-repo" OWNER/REPO
    list     = "list" [ packages ] [ "--json" ] [ "--registry" URL ]
    coverage = "coverage" { pattern } [ "--refresh" ] | "digest" { pattern }
    watch    = "watch"                              alone: what is watched
             | "watch" pattern { pattern } [ "--cron" CRON ] [ "--tz" ZONE ] [ "--channel" CHANNEL ]
             | "unwatch" pattern { pattern }
    pattern  = see bot.domain.patterns
    flag     = "--allow-publish" | "--allow-stage-publish" | "--reason" TEXT | "--dry-run" | "--json"
             | "--registry" URL | "--yes" | "-y"
    numbered = "status" [ number ] | ( "cancel" | "pause" | "resume" | "retry" ) number
    number   = "C-42" | "c-42" | "42"
    subject  = ( "check" | "policy" ) package | "audit" [ package | number | person ] { span }
             | "freeze" [ [ "--reason" ] TEXT ]
    span     = "--since" DAY | "--until" DAY | "--csv"
    plain    = "login" | "logout" | "whoami" | "pending" | "bulk" | "unfreeze" | "doctor"
    help     = "help" [ command ] | command "--help"

Words, quotes and dashes: see bot.domain.command_tokens; templates in a provider's flags: bot.domain.templates. Flags
and packages come in any order, packages with commas or without; `--flag value` and `--flag=value` are the same; a TEXT
without quotes reaches to the next flag, a CRON is five words without them.
"""

import re
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from types import MappingProxyType

from bot.domain.command_arguments import (
    LIST_SWITCHES,
    MOST_MISTAKES,
    REASON,
    REGISTRY,
    SET_UP_SWITCHES,
    Arguments,
    read_arguments,
)
from bot.domain.command_help import HELP, CommandHelp
from bot.domain.command_line import command_line_of, draft_of
from bot.domain.command_patterns import PATTERN_READERS
from bot.domain.command_secrets import is_secret, strip_secrets
from bot.domain.command_selectors import SELECTOR_READERS, permissions_of, remarks_of
from bot.domain.command_subjects import NUMBER as WRITTEN_NUMBER
from bot.domain.command_subjects import SUBJECT_READERS
from bot.domain.command_tokens import Word, read_flag, split_words, undo_slack
from bot.domain.commands import (
    Bulk,
    Cancel,
    Command,
    Doctor,
    FormDraft,
    Help,
    ListTrust,
    LogIn,
    LogOut,
    Misunderstood,
    OpenForm,
    Pause,
    Pending,
    Resume,
    Retry,
    SetUp,
    Status,
    Unfreeze,
    WhoAmI,
)
from bot.domain.flags import clean_fields
from bot.domain.mistakes import Mistake
from bot.domain.publishers import PROVIDERS, Permission, Provider

__all__ = ["HELP", "CommandHelp", "command_line_of", "parse_command", "strip_secrets"]

MOST_LETTERS = 3000
"""Longer lines are refused unread."""
NUMBER = "C-NUMBER"
"""The placeholder of a change set's number."""

_PREFIX = re.compile(r"\s*(?:(?:/?npmtrust|\$|npx(?:\s+(?:-y|--yes))?|(?:npm(?:@\S+)?\s+)?trust)(?!\S)\s*)*")
_NEXT_COMMAND = re.compile(r"\s*(?:/?npmtrust|\$|npx|npm)\s")
_SYNONYMS = {"ls": "list", "rm": "revoke", "remove": "revoke", "delete": "revoke", "gh": "github"}

_ONE_AT_A_TIME = Mistake(
    what="These are several commands.", expected="one command at a time; several packages may stand in one", got="more"
)
_NOT_CLOSED = Mistake(
    what="A quote was not closed.", expected="a quote before and one after the text", got="one of the two"
)
_SECRET = Mistake(
    what="This line held a one-time password or a token. It was not kept.",
    expected="no codes and no tokens: npmtrust never takes them, npm itself asks you on its own page",
    got="a secret",
)


def parse_command(text: str) -> Command | Misunderstood:
    """Read what stood after `/npmtrust`. It never raises, whatever the text is."""
    if len(text) > MOST_LETTERS:
        too_long = Mistake(
            what="The line is too long.", expected=f"at most {MOST_LETTERS} characters", got=f"{len(text)} characters"
        )
        return Misunderstood(mistakes=(too_long,))
    line, is_last = _first_line(undo_slack(strip_secrets(text)[0]))
    words, closed = split_words(line)
    harmless = [word for word in words if not is_secret(word.text)]
    answer = _parse_words(harmless)
    if not is_last:
        answer = _complain(answer, _ONE_AT_A_TIME)
    if not closed:
        answer = _complain(answer, _NOT_CLOSED)
    return answer if len(harmless) == len(words) else _complain(answer, _SECRET)


def _first_line(text: str) -> tuple[str, bool]:
    """Take the prefix off, and what looks like the next command; the second is False when there was such."""
    lines = _PREFIX.sub("", text, count=1).splitlines()
    more = next((number for number, line in enumerate(lines) if number and _NEXT_COMMAND.match(line)), len(lines))
    return "\n".join(lines[:more]), more == len(lines)


def _parse_words(words: list[Word]) -> Command | Misunderstood:
    if not words:
        return Help()
    name = words[0].text.lower()
    reader = _READERS.get(name)
    if reader is None:
        return Help() if _asks_for_help(words) else _parse_unknown(words)
    return Help(topic=name) if _asks_for_help(words[1:]) else reader(name, words[1:])


def _asks_for_help(words: list[Word]) -> bool:
    return any(flag.name in {"help", "h"} for word in words if (flag := read_flag(word)))


def _parse_unknown(words: list[Word]) -> Misunderstood:
    typed = words[0].text
    near = _SYNONYMS.get(typed.lower()) or "".join(get_close_matches(typed.lower(), HELP, 1))
    expected = "one of " + ", ".join(HELP)
    mistake = Mistake(what="There is no such command.", expected=expected, got=typed, suggestion=near)
    if near:
        return _complain(_parse_words([Word(near), *words[1:]]), mistake)
    return Misunderstood(mistakes=(mistake,), corrected="help")


def _parse_set_up(name: str, words: list[Word]) -> Command | Misunderstood:
    provider = Provider(name)
    if not words:
        return OpenForm(draft=FormDraft(provider=provider))
    flags = (*PROVIDERS[provider].flags, REASON, REGISTRY)
    arguments = read_arguments(words, flags, SET_UP_SWITCHES)
    packages, values = arguments.settle_packages(), arguments.settle(flags)
    stated = permissions_of(arguments)
    command = SetUp(
        provider=provider,
        packages=packages.names,
        selection=packages.selection,
        fields={flag.name: values[flag.name] for flag in PROVIDERS[provider].flags if flag.name in values},
        permissions=stated or (Permission.PUBLISH,),
        permissions_stated=bool(stated),
        hold=arguments.switches.get("hold", False),
        reason="".join(values.get(REASON.name, ())),
        dry_run=arguments.switches.get("dry-run", False),
        as_json=arguments.switches.get("json", False),
        registry="".join(values.get(REGISTRY.name, ())),
        remarks=remarks_of(arguments),
    )
    return _answer(command, arguments.mistakes, _draft(command, arguments))


def _draft(command: SetUp, arguments: Arguments) -> FormDraft:
    """Fill the form with what could be right, and with what was written where nothing right is near."""
    flags = (*PROVIDERS[command.provider].flags, REASON)
    written = clean_fields(flags, arguments.values)
    mended = {**command.fields, REASON.name: (command.reason,)}
    fields = {
        flag.name: "\n".join(written.get(flag.name, ()) if flag.placeholder in mended[flag.name] else mended[flag.name])
        for flag in flags
        if flag.name in mended
    }
    return FormDraft(
        provider=command.provider,
        package=" ".join(arguments.positionals),
        reason=fields.pop(REASON.name),
        fields={name: value for name, value in fields.items() if value},
        permissions=command.permissions if command.permissions_stated else (),
    )


def _parse_subject(name: str, words: list[Word]) -> Command | Misunderstood:
    return _answer(*SUBJECT_READERS[name](words))


def _parse_selected(name: str, words: list[Word]) -> Command | Misunderstood:
    return _answer(*SELECTOR_READERS[name](words))


def _parse_list(_name: str, words: list[Word]) -> Command | Misunderstood:
    arguments = read_arguments(words, [REGISTRY], LIST_SWITCHES)
    values = arguments.settle([REGISTRY])
    packages = arguments.settle_packages(required=False)
    command = ListTrust(
        packages=packages.names,
        selection=packages.selection,
        as_json=arguments.switches.get("json", False),
        registry="".join(values.get(REGISTRY.name, ())),
    )
    return _answer(command, arguments.mistakes)


def _parse_patterns(name: str, words: list[Word]) -> Command | Misunderstood:
    return _answer(*PATTERN_READERS[name](words))


def _parse_numbered(name: str, words: list[Word]) -> Command | Misunderstood:
    if not words and name == "status":
        return Status()
    numbers = {int(number[1]) for word in words if (number := WRITTEN_NUMBER.fullmatch(word.text))}
    if len(words) == len(numbers) == 1:
        return _NUMBERED[name](number=numbers.pop())
    nearest = f"C-{numbers.pop()}" if len(numbers) == 1 else ""
    mistake = Mistake(
        what="This command needs the number of one request.",
        expected="a number such as C-42",
        got=" ".join(word.text for word in words),
        suggestion=nearest,
    )
    return Misunderstood(mistakes=(mistake,), corrected=f"{name} {nearest or NUMBER}")


def _parse_plain(name: str, words: list[Word]) -> Command | Misunderstood:
    command = _PLAIN[name]
    if not words:
        return command
    got = " ".join(word.text for word in words)
    return _answer(command, [Mistake(what="This command takes nothing more.", expected=name, got=got)])


def _parse_help(_name: str, words: list[Word]) -> Command | Misunderstood:
    if not words:
        return Help()
    typed = " ".join(word.text for word in words)
    topic = typed.lower()
    if topic in HELP:
        return Help(topic=topic)
    near = "".join(get_close_matches(topic, HELP, 1))
    expected = "one of " + ", ".join(HELP)
    mistake = Mistake(what="There is no help on this.", expected=expected, got=typed, suggestion=near)
    return _answer(Help(topic=near), [mistake])


def _answer(command: Command, mistakes: list[Mistake], draft: FormDraft | None = None) -> Command | Misunderstood:
    """Give the command, or where there are mistakes the line as it could be right."""
    if not mistakes:
        return command
    return Misunderstood(mistakes=tuple(mistakes[:MOST_MISTAKES]), corrected=command_line_of(command), draft=draft)


def _complain(answer: Command | Misunderstood, mistake: Mistake) -> Misunderstood:
    """Put a mistake before what else was found."""
    if isinstance(answer, Misunderstood):
        return answer.model_copy(update={"mistakes": (mistake, *answer.mistakes)[:MOST_MISTAKES]})
    return Misunderstood(mistakes=(mistake,), corrected=command_line_of(answer), draft=draft_of(answer))


_NUMBERED: Mapping[str, type[Status | Cancel | Pause | Resume | Retry]] = MappingProxyType(
    {"status": Status, "cancel": Cancel, "pause": Pause, "resume": Resume, "retry": Retry}
)
_PLAIN: Mapping[str, LogIn | LogOut | WhoAmI | Pending | Doctor | Bulk | Unfreeze] = MappingProxyType(
    {command.verb: command for command in (LogIn(), LogOut(), WhoAmI(), Pending(), Doctor(), Bulk(), Unfreeze())}
)
_READERS: Mapping[str, Callable[[str, list[Word]], Command | Misunderstood]] = MappingProxyType(
    dict.fromkeys(Provider, _parse_set_up)
    | {"list": _parse_list, "help": _parse_help}
    | dict.fromkeys(SELECTOR_READERS, _parse_selected)
    | dict.fromkeys(PATTERN_READERS, _parse_patterns)
    | dict.fromkeys(SUBJECT_READERS, _parse_subject)
    | dict.fromkeys(_NUMBERED, _parse_numbered)
    | dict.fromkeys(_PLAIN, _parse_plain)
)
