"""Every function that makes a message or a form, found by its signature: no text from outside becomes markup in it.

Whatever is a text in what a renderer takes is hostile here, also where the domain would not let it come so far.
"""

import dataclasses
import enum
import importlib
import inspect
import itertools
import pkgutil
import random
import re
import types
import typing
import unicodedata
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from bot import messages
from bot.domain.findings import Finding
from bot.messages import findings
from bot.messages._text import JOINER
from bot.messages.message import HomeView, Message, View
from tests.messages.reading import texts_of

PLAIN = "word"
SHOWN = (Message, View, HomeView)
ATTACKS = (
    "<!channel> <!here> <!everyone> <!subteam^S0ADMINS>",
    "<@U0OTTO> approved <#C0GENERAL>",
    "<https://evil.example|Open www.npmjs.com>",
    "&lt;!channel&gt; &amp;lt;!here&amp;gt;",
    "*bold* _italic_ ~gone~ `code` ```block```",
    "> quoted\n> *@otto approved*\n• ✅ done",
    ":white_check_mark: :tada:",
    "a\u202etxt.elif\u2066b\u200bc\ufeffd\u3164e\U000e0041f\u034fg",
    "[x](https://evil.example) https://evil.example www.evil.example mailto:a@evil.example",
    "e" + "\u0301" * 60,
    "x" * 5000,
)
OUR_WORDS = frozenset(
    {
        "stopped",  # markup already, by bot.messages.freezing
        "rule",  # as above, by bot.messages.policy.place
        "mend",  # what test_what_is_to_be_done_is_told_in_our_words_alone holds
        "subject",
        "error_id",
        "source",  # of the owners: one of our own words
        "title",  # of a form
    }
)
"""Where a renderer takes what only we write."""
OURS = re.compile(r"<@[UW][A-Z0-9]+>|<#[CG][A-Z0-9]+>|<!date\^\d+\^(?:\{\w+\} ?)+\|[\w :]+>")
"""What we write ourselves: people and channels by their ids, and moments."""
CODE = re.compile(r"`[^`]*`")


def _find() -> Iterator[Callable[..., Any]]:
    for found in pkgutil.iter_modules(messages.__path__):
        module = importlib.import_module(f"bot.messages.{found.name}")
        for name, function in vars(module).items():
            is_own = inspect.isfunction(function) and function.__module__ == module.__name__
            if is_own and not name.startswith("_") and not found.name.startswith("_"):
                returned = typing.get_type_hints(function).get("return")
                if set(_members(returned)) & set(SHOWN):
                    yield function


def _members(hint: Any) -> tuple[Any, ...]:  # noqa: ANN401 -- of any annotation
    return typing.get_args(hint) if typing.get_origin(hint) in {types.UnionType, typing.Union} else (hint,)


RENDERERS = {
    f"{function.__module__.removeprefix('bot.messages.')}.{function.__name__}": function for function in _find()
}


class Maker:
    """Makes a value of whatever a renderer takes, with texts from outside wherever a text can stand."""

    def __init__(self, texts: Sequence[str], choose: Callable[[Sequence[Any]], Any]) -> None:
        self._texts = itertools.cycle(texts)
        self._choose = choose

    def call(self, renderer: Callable[..., Any]) -> Any:  # noqa: ANN401
        hints = typing.get_type_hints(renderer, include_extras=False)
        hints.pop("return")
        return renderer(**{name: self.make(hint, name) for name, hint in hints.items()})

    def make(self, hint: Any, name: str = "", depth: int = 0) -> Any:  # noqa: ANN401, PLR0911
        origin, inside = typing.get_origin(hint), typing.get_args(hint)
        if name in OUR_WORDS and hint is str:
            return PLAIN
        if origin is typing.Annotated:
            return self.make(inside[0], name, depth)
        if origin in {types.UnionType, typing.Union}:
            return self.make(self._choose(inside), name, depth)
        if origin is typing.Literal:
            return self._choose(inside)
        if hint is None or hint is type(None):
            return None
        if isinstance(hint, typing.NewType):
            return self.make(hint.__supertype__, name, depth)
        if origin in {tuple, list, set, frozenset, Sequence, Iterable, Collection}:
            return self._several(origin, inside, name, depth)
        if origin in {dict, Mapping}:
            return {self.make(inside[0], name, depth): self.make(inside[1], name, depth)}
        if origin is type or hint in {Any, object}:
            return next(self._texts)
        if isinstance(hint, type):
            return self._of_class(hint, name, depth)
        raise TypeError(f"nobody can make {hint!r} for {name}")

    def _several(self, origin: Any, inside: Any, name: str, depth: int) -> Any:  # noqa: ANN401
        if origin is tuple and inside and inside[-1] is not Ellipsis:
            return tuple(self.make(each, name, depth) for each in inside)
        items = [self.make(inside[0], name, depth) for _ in range(self._choose((0, 1, 3)))]
        kind = origin if origin in {tuple, list, set, frozenset} else tuple
        return kind(items)

    def _of_class(self, kind: type, name: str, depth: int) -> Any:  # noqa: ANN401, PLR0911
        if issubclass(kind, enum.Enum):
            return self._choose(list(kind))
        if kind is bool:
            return self._choose((False, True))
        if kind is int:
            return self._choose((0, 1, 7, 1200))
        if kind is float:
            return self._choose((0.0, 2.5))
        if issubclass(kind, str):
            return next(self._texts)
        if kind is datetime:
            return datetime(2026, 11, 23, 14, tzinfo=UTC)
        if kind is date:
            return date(2026, 11, 23)
        if kind is timedelta:
            return timedelta(minutes=self._choose((1, 90, 5000)))
        if kind in SHOWN:
            return Message(text=PLAIN, blocks=())
        if issubclass(kind, BaseModel):
            hints = typing.get_type_hints(kind, include_extras=False)
            return kind.model_construct(
                **{field: self.make(hints[field], field, depth + 1) for field in kind.model_fields}
            )
        if dataclasses.is_dataclass(kind):
            hints = typing.get_type_hints(kind)
            made = {each.name: self.make(hints[each.name], each.name, depth + 1) for each in dataclasses.fields(kind)}
            return kind(**made)
        if issubclass(kind, tuple):
            hints = typing.get_type_hints(kind)
            return kind(*(self.make(hint, field, depth + 1) for field, hint in hints.items()))
        raise TypeError(f"nobody can make a {kind.__name__} for {name}")


def _draw(name: str, texts: Sequence[str], seed: int) -> Any | None:  # noqa: ANN401
    """Call a renderer with something; None where what chance has put together cannot be."""
    try:
        return Maker(texts, random.Random(f"{name} {seed}").choice).call(RENDERERS[name])  # noqa: S311 -- to be repeated
    except (KeyError, IndexError, ZeroDivisionError):
        return None


def _shown_in(made: Any) -> Iterator[Message | View | HomeView]:  # noqa: ANN401
    for each in made if isinstance(made, tuple | list) else (made,):
        if isinstance(each, SHOWN):
            yield each


def _texts_of(shown: Message | View | HomeView) -> Iterator[tuple[bool, str]]:
    """Find each text and whether Slack reads it as markup, the notification too."""
    parts: list[object] = [[dict(block) for block in shown.blocks]]
    parts += [shown.as_dict()] if isinstance(shown, View | HomeView) else []
    for text in texts_of(parts):
        assert text["type"] == "plain_text" or text["verbatim"] is True, "Slack would look for names and links"
        assert text["type"] == "mrkdwn" or text.get("emoji") is not True, "Slack would look for names of emoji"
        yield text["type"] == "mrkdwn", text["text"]
    if isinstance(shown, Message):
        yield True, shown.text
    for part in parts:
        yield from ((False, text) for text in _copied(part))


def _copied(value: object) -> Iterator[str]:
    """Find the texts of rich text, which are shown as they are."""
    if isinstance(value, list | tuple):
        for each in value:
            yield from _copied(each)
    elif isinstance(value, dict):
        if value.get("type") == "text":
            yield value["text"]
        assert value.get("type") not in {"link", "user", "usergroup", "channel", "broadcast", "emoji"}, value
        yield from _copied(list(value.values()))


def _is_hidden(char: str) -> bool:
    return char not in {JOINER, "\n"} and unicodedata.category(char) in {"Cc", "Cf", "Cs", "Co"}


def problems_of(made: Any) -> list[str]:  # noqa: ANN401
    """Tell what in it somebody outside could have smuggled in."""
    found = []
    for shown in _shown_in(made):
        for is_markup, text in _texts_of(shown):
            if is_markup and ("<" in (left := OURS.sub("", text)) or ">" in left):
                found.append(f"markup: {left[:300]}")
            if hidden := [hex(ord(char)) for char in text if _is_hidden(char)]:
                found.append(f"hidden {hidden[:5]}: {text[:200]}")
    return found


def _marks_of(made: Any) -> Counter[str]:  # noqa: ANN401
    """Count the signs that could begin or end bold, italics, a strike or code, and the names of emoji."""
    marks: Counter[str] = Counter()
    for shown in _shown_in(made):
        for is_markup, text in _texts_of(shown):
            if is_markup:
                left = CODE.sub("`", OURS.sub("", text))
                marks.update(re.findall(r"(?<![A-Za-z0-9])[*_~]|[*_~](?![A-Za-z0-9])|`", left))
                marks["quoted"] += len(re.findall(r"^(?:>|&gt;)", left, re.MULTILINE))
                marks["emoji"] += len(re.findall(r":[a-z_+-]+:", left))
    return marks


def test_every_module_that_shows_something_is_looked_at() -> None:
    assert len(RENDERERS) > 200
    never = [name for name in RENDERERS if not any(_draw(name, (PLAIN,), seed) is not None for seed in range(40))]
    assert never == []


@settings(max_examples=5, deadline=None)
@given(st.text(alphabet="<>&|!@#*_~`:[]()\n\u202e\u200b aé1\U0001f600", max_size=60), st.integers(0, 999))
def test_no_text_from_outside_becomes_a_mention_a_link_a_call_or_hidden_text(text: str, seed: int) -> None:
    for name in RENDERERS:
        if (made := _draw(name, (text, *ATTACKS), seed)) is not None:
            assert problems_of(made) == [], name


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 999))
def test_no_text_from_outside_becomes_bold_code_a_quotation_or_an_emoji(seed: int) -> None:
    hostile = [f"x {text} x" for text in ATTACKS[:-1]]
    benign = [
        f"x {PLAIN}{at} x" for at in range(len(hostile))
    ]  # each another, as those are: what is the same is told once
    for name in RENDERERS:
        made, plain = _draw(name, hostile, seed), _draw(name, benign, seed)
        if made is not None and plain is not None:
            assert _marks_of(made) <= _marks_of(plain), name  # fewer: a longer text leaves less room for ours


def test_what_is_to_be_done_is_told_in_our_words_alone() -> None:
    """`doctor` shows it with the markup that it has."""
    makers = [
        each for each in vars(findings).values() if inspect.isfunction(each) and each.__module__ == findings.__name__
    ]
    hints = {each: typing.get_type_hints(each) for each in makers}
    makers = [each for each in makers if hints[each].get("return") is Finding and not each.__name__.startswith("_")]
    assert len(makers) > 10
    for make in makers:
        for attack, seed in itertools.product(ATTACKS[:4], range(4)):
            found = Maker((attack,), random.Random(seed).choice).call(make)  # noqa: S311 -- to be repeated
            assert attack not in found.mend + found.subject, make.__name__
