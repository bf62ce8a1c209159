"""Pasted text: names, patterns, and lines of `npm trust` as a shell has run or shown them.

text    = { line }                          a line that ends in a backslash goes on in the next
line    = { part ( "&&" | "||" | ";" | "|" | "&" ) } part [ "#" comment ]
part    = [ prompt ] command [ redirection ]        from `npm trust` on; what stands before it is a prompt
        | [ "npm" ] provider-or-revoke …            a command without its first words
        | "sleep" …                                 passed over, as all that only a shell has use for
        | { name | pattern }                        `-` or `*` alone before them is a bullet
pattern = see bot.domain.patterns; one with "!" leaves out of all patterns and names here
"""

import re
from collections.abc import Iterator

from bot.domain.bulk import (
    MOST_ROWS,
    Fault,
    Sheet,
    Unit,
    Wish,
    secret_fault,
    shorten,
    too_many_fault,
)
from bot.domain.command_parser import parse_command
from bot.domain.command_secrets import strip_secrets
from bot.domain.command_tokens import undo_slack
from bot.domain.commands import Misunderstood, ReplaceTrust, RevokeTrust, SetUp
from bot.domain.mistakes import Mistake
from bot.domain.packages import PackageName
from bot.domain.patterns import PackagePattern, parse_pattern, select
from bot.domain.publishers import Permission, Provider

_CONTINUED = re.compile(r"\\[ \t]*$")
_COMMAND = re.compile(r"(?:(?:npx\s+(?:(?:-y|--yes)\s+)?)?npm(?:@\S+)?\s+trust|/?npmtrust)(?!\S)")
_SHORT = re.compile(r"(?:trust\s+)?(?:github|gitlab|circleci|revoke|replace)\s+\S")
_REDIRECTED = re.compile(r"(?:\s+\d?>{1,2}\s*&?[\w./-]+)+\s*$")
_NOISE = frozenset(
    {"sleep", "echo", "printf", "done", "do", "then", "else", "fi", "if", "for", "while", "until", "set", "unset",
     "export", "cd", "wait", "true", "false", "exit", "date", "time", "npm", "npx", "{", "}", "[", "[[", ":"}
)  # fmt: skip
"""Words that begin what only a shell has use for."""
_VARIABLE = re.compile(r"\$[({]?\w+")
_TRACED = re.compile(r"^\++\s+(?=\S)")
"""What `set -x` writes before a command that the shell has run."""
_BULLETS = frozenset("-*•+")
_EDGES = "\"'`,;[]"
_MARK = re.compile(r"[\"'#;&|]")
_TOKEN = re.compile(r"[\s,]+")


class _Reader:
    """Reads line by line, and remembers what it found."""

    def __init__(self) -> None:
        self.wishes: list[Wish] = []
        self.faults: list[Fault] = []
        self.left_out: list[PackagePattern] = []
        self.passed_over: dict[str, int] = {}
        self.said: dict[str, None] = {}
        self.reason = ""
        self.hold = False

    def take(self, row: int, line: str) -> None:
        """Read one line."""
        if strip_secrets(line)[1]:
            self.faults.append(secret_fault(row))
            return
        for part in _split_line(undo_slack(line)):
            if command := _COMMAND.search(part):
                self._command(row, part[command.start() :])
            elif _SHORT.match(part):
                self._command(row, part)
            elif (word := _TRACED.sub("", part).split()[0]) in _NOISE:
                self.passed_over[word] = self.passed_over.get(word, 0) + 1
            else:
                self._names(row, part)

    def _command(self, row: int, text: str) -> None:
        line = _REDIRECTED.sub("", text)
        if variable := _VARIABLE.search(line):
            what = "This is a line with a variable: the shell has not put its value there."
            self._fault(row, Mistake(what=what, expected="the line as it was run", got=variable[0]))
            return
        command = parse_command(line)
        match command:
            case Misunderstood(mistakes=mistakes):
                for mistake in mistakes:
                    self._fault(row, mistake)
            case SetUp() | RevokeTrust() | ReplaceTrust():
                self._note(command)
                self.wishes += _wishes_of(row, command)
            case _:
                self.passed_over[command.verb] = self.passed_over.get(command.verb, 0) + 1

    def _note(self, command: SetUp | RevokeTrust | ReplaceTrust) -> None:
        self.reason = self.reason or command.reason
        self.said.update(dict.fromkeys(command.remarks))
        self.hold |= isinstance(command, SetUp) and command.hold

    def _names(self, row: int, part: str) -> None:
        words = part.split()
        text = " ".join(words[1:]) if len(words) > 1 and words[0] in _BULLETS else part
        names = (token.strip(_EDGES) for token in _TOKEN.split(text))
        for found in map(parse_pattern, filter(None, names)):
            if isinstance(found, Mistake):
                self._fault(row, found.model_copy(update={"field": "package"}))
            elif found.negated:
                self.left_out.append(found)
            elif found.is_name:
                self.wishes.append(Wish(row=row, package=PackageName(found.text)))
            else:
                self.wishes.append(Wish(row=row, selection=select([found])))

    def _fault(self, row: int, mistake: Mistake) -> None:
        told = mistake.model_copy(update={"got": shorten(mistake.got)})
        self.faults.append(Fault(row=row, column=mistake.field, mistake=told))


def read_lines(text: str) -> Sheet:
    """Read pasted text. All that is wrong is told, with its line."""
    reader = _Reader()
    for row, line in _join_lines(text):
        reader.take(row, line)
        if len(reader.wishes) + len(reader.faults) > MOST_ROWS:
            return Sheet(faults=(too_many_fault(f"more than {MOST_ROWS:,}"),))
    remarks = [*reader.said]
    if reader.passed_over:
        words = ", ".join(f"{shorten(word)} ({times})" for word, times in list(reader.passed_over.items())[:10])
        remarks.append(f"Passed over, since it asks for no change: {words}.")
    return Sheet(
        unit=Unit.LINE,
        wishes=tuple(_without(reader.wishes, reader.left_out)),
        faults=tuple(reader.faults),
        remarks=tuple(remarks),
        reason=reader.reason,
        hold=reader.hold,
    )


def _join_lines(text: str) -> Iterator[tuple[int, str]]:
    """Number the lines; one that goes on in the next has the number of its first part."""
    begun, at = "", 0
    for number, line in enumerate(text.splitlines(), 1):
        at = at or number
        whole = f"{begun}{line}"
        if goes_on := _CONTINUED.search(whole):
            begun = whole[: goes_on.start()] + " "
            continue
        if whole.strip():
            yield at, whole
        begun, at = "", 0
    if begun.strip():
        yield at, begun


def _split_line(line: str) -> list[str]:
    """Cut a line where the shell begins another command, and a comment off. What stands in quotes stays whole."""
    begin, quote, end = 0, "", len(line)
    parts: list[str] = []
    for mark in _MARK.finditer(line):
        char, at = mark[0], mark.start()
        before = line[at - 1] if at else " "
        if quote:
            quote = "" if char == quote else quote
        elif char in "\"'":
            quote = char if before in " \t=" else ""
        elif char == "#" and before.isspace():
            end = at
            break
        elif char != "#" and before != ">":
            parts.append(line[begin:at])
            begin = at + 1
    parts.append(line[begin:end])
    return [part.strip() for part in parts if part.strip()]


def _wishes_of(row: int, command: SetUp | RevokeTrust | ReplaceTrust) -> Iterator[Wish]:
    """A command of several packages asks for each of them the same."""
    provider: Provider | None = None
    fields: dict[str, tuple[str, ...]] = {}
    permissions: tuple[Permission, ...] = ()
    verb = {"set_up": "create"}.get(command.verb, command.verb)
    configuration_id = from_repository = ""
    if not isinstance(command, RevokeTrust):
        provider, fields = command.provider, command.fields
        permissions = command.permissions if command.permissions_stated else ()
    if not isinstance(command, SetUp):
        configuration_id, from_repository = command.configuration_id, command.from_repository
    wish = Wish(
        row=row,
        verb=verb,
        provider=provider,
        fields=fields,
        permissions=permissions,
        configuration_id=configuration_id,
        from_repository=from_repository,
        registry=command.registry,
        is_whole=True,
    )
    if command.selection:
        yield wish.model_copy(update={"selection": command.selection})
        return
    for package in command.packages:
        yield wish.model_copy(update={"package": package})


def _without(wishes: list[Wish], left_out: list[PackagePattern]) -> Iterator[Wish]:
    """Take out of names and patterns what was left out again; a command says itself what it leaves out."""
    for wish in wishes:
        if wish.is_whole:
            yield wish
        elif wish.selection:
            yield wish.model_copy(update={"selection": select([*wish.selection.patterns, *left_out])})
        elif not any(one.matches(wish.package or "") for one in left_out):
            yield wish
