"""Text as Slack sends it, made into words.

line   = word { space word }
word   = bare | quoted | flag "=" quoted
quoted = '"' { any } '"' | "'" { any } "'"      a quote counts at the start of a word or of a flag's value,
                                                and ends where a space or the end follows: don't is a bare word;
                                                inside, a backslash keeps a quote or a backslash as it is
flag   = dashes name                            `--file`, and the em dash that Slack makes of two hyphens
"""

import re
from typing import NamedTuple

_DASH = r"[-\u2010-\u2015\u2212]"
_NAME = rf"[A-Za-z_](?:{_DASH}|\w)*"
_WORD = re.compile(
    rf"""\s*(?P<flag>{_DASH}+{_NAME}=)?+
    (?:(?P<quote>["'])(?P<inside>(?:\\["'\\]|(?!(?P=quote)(?!\S)).)*+)(?P<end>(?P=quote)?)|(?P<bare>\S*))""",
    re.VERBOSE | re.DOTALL,
)
_FLAG = re.compile(rf"{_DASH}+(?P<name>{_NAME})(?:=(?P<value>.*))?", re.DOTALL)
_ESCAPED = re.compile(r"\\([\"'\\])")

_LINK = re.compile(r"<(?:mailto:|tel:|(?=[a-z+]{2,12}://))(?P<target>[^<>|]+)(?:\|(?P<label>[^<>]*))?>", re.IGNORECASE)
_MENTIONED_SCOPE = re.compile(r"<(?:@\w+|!subteam\^\w+)\|@?(?P<scope>[^<>|]+)>(?=/)")
_ENTITY = re.compile(r"&(amp|lt|gt);")
_ENTITIES = {"amp": "&", "lt": "<", "gt": ">"}
_CONTINUED = re.compile(r"\\[ \t]*\r?\n")
_LETTERS = (
    {ord(quote): '"' for quote in "\u201c\u201d\u201e\u201f\u2033"}
    | {ord(quote): "'" for quote in "\u2018\u2019\u201a\u201b\u2032"}
    | dict.fromkeys([ord("`"), 0xAD, 0xFEFF, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x206A)])
    | {0x2217: "*", 0x02CD: "_", 0x223C: "~"}
    | dict.fromkeys([*range(0x09), *range(0x0E, 0x20), *range(0x7F, 0xA1), *range(0xD800, 0xE000)], " ")
)
"""Smart quotes made straight; backticks and what cannot be seen left out; control characters made spaces.

Our own messages show a star, an underscore and a tilde as letters that look like them, since Slack would take them for
markup: a line that is copied from there is to work.
"""


class Word(NamedTuple):
    """One word of a line, without its quotes."""

    text: str
    quoted: bool = False


class WrittenFlag(NamedTuple):
    """A flag as it was written, with its dashes made hyphens."""

    name: str
    """Without leading dashes."""
    value: str | None
    """What stood after `=`."""


def undo_slack(text: str) -> str:
    """Undo what Slack's clients and server make of plain text, and join lines that end in a backslash.

    A link becomes the words that a person saw. A mention becomes a scope where a slash follows; other mentions stay.
    """
    text = _LINK.sub(lambda link: link["label"] or link["target"], text)
    text = _MENTIONED_SCOPE.sub(r"@\g<scope>", text)
    text = _ENTITY.sub(lambda entity: _ENTITIES[entity[1]], text)
    return _CONTINUED.sub(" ", text).translate(_LETTERS)


def split_words(text: str) -> tuple[list[Word], bool]:
    """Split a line; the second is False when a quote was not closed: it then reaches to the end of the line."""
    words, closed, position, text = [], True, 0, text.strip()
    while position < len(text) and (match := _WORD.match(text, position)):
        position = match.end()
        flag, bare = match["flag"] or "", match["bare"]
        if bare is None:
            words.append(Word(flag + _ESCAPED.sub(r"\1", match["inside"]), quoted=True))
            closed = bool(match["end"])
        else:
            words.append(Word(flag + bare))
    return words, closed


def read_flag(word: Word) -> WrittenFlag | None:
    """Read a word as a flag; None when it is none."""
    match = _FLAG.fullmatch(word.text)
    return WrittenFlag(re.sub(_DASH, "-", match["name"]), match["value"]) if match else None


def quote(text: str, *, always: bool = False) -> str:
    """Write a text so that it is one word, in quotes where they are needed."""
    if not always and text and text[0] not in "\"'" and not re.search(r"\s", text):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def write_flag(name: str, value: str, *, always_quoted: bool = False) -> str:
    """Write a flag with its value; a value that looks like a flag itself goes after `=`."""
    separator = "=" if read_flag(Word(value)) else " "
    return f"--{name}{separator}{quote(value, always=always_quoted)}"
