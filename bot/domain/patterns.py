"""Patterns of package names, and the packages that several of them select.

    selection = pattern { pattern }     at least one of them is not negated; their order means nothing
    pattern   = [ "!" ] glob            "!": all but these
    glob      = a package name in which "*" stands for any run of characters but "/"; "*" alone is every package

Capitals count, as in npm's names.
"""

import re
from collections.abc import Iterable
from functools import lru_cache

from bot.domain.mistakes import Mistake
from bot.domain.packages import PackageName, parse_package
from bot.domain.values import Frozen

MOST_PATTERNS = 20
EXPECTED = "a pattern such as @acme/* or !@acme/old-*, or a package name"
EVERYTHING = "*"

_SCOPE = re.compile(r"@(?P<scope>[^*/]+)/.*", re.DOTALL)
_SCOPE_ALONE = re.compile(r"@(?P<scope>[^*/@]+)/?")
_WITH_VERSION = re.compile(r"(?P<near>@?[^@]+)@[^@/]*")


class PackagePattern(Frozen):
    """One pattern, or one name."""

    text: str
    """Without the `!`: `@acme/*`."""
    negated: bool = False

    def matches(self, name: str) -> bool:
        """Tell whether a name is one of these, whether negated or not."""
        return name == self.text if EVERYTHING not in self.text else _compile(self.text).fullmatch(name) is not None

    @property
    def is_name(self) -> bool:
        """It stands for one package."""
        return not self.negated and EVERYTHING not in self.text

    @property
    def scope(self) -> str:
        """The scope in which all lies that it can match, without the at-sign: `acme`; empty when there is none."""
        match = _SCOPE.fullmatch(self.text)
        return match["scope"] if match else ""

    @property
    def search_text(self) -> str:
        """What to ask npm's search for: `scope:acme`, or its first literal part; empty for one name and for `*`."""
        if self.is_name:
            return ""
        first = next(filter(None, (part.strip("@/-._") for part in self.text.split(EVERYTHING))), "")
        return f"scope:{self.scope}" if self.scope else first

    def __str__(self) -> str:
        return f"!{self.text}" if self.negated else self.text


class Selection(Frozen):
    """The packages that patterns select. No patterns select nothing."""

    patterns: tuple[PackagePattern, ...]

    def matches(self, name: str) -> bool:
        """Tell whether a name is selected, and not left out again."""
        found = [one.negated for one in self.patterns if one.matches(name)]
        return bool(found) and not any(found)

    @property
    def names(self) -> tuple[PackageName, ...]:
        """The packages that are selected by name, without what is left out."""
        without = [one for one in self.patterns if one.negated]
        named = (one.text for one in self.patterns if one.is_name)
        return tuple(PackageName(name) for name in named if not any(one.matches(name) for one in without))

    @property
    def takes_all(self) -> bool:
        """A star alone is in it: every package that is known, but for what is left out."""
        return any(one.text == EVERYTHING for one in self._chosen)

    @property
    def scopes(self) -> tuple[str, ...]:
        """The scopes of what is selected, without at-signs. With `is_scoped`, all that can match lies in them."""
        return tuple(dict.fromkeys(one.scope for one in self._chosen if one.scope))

    @property
    def is_scoped(self) -> bool:
        """All that can match lies in `scopes`."""
        return all(one.scope for one in self._chosen)

    @property
    def search_texts(self) -> tuple[str, ...]:
        """What to ask npm's search for, to learn of packages that match."""
        return tuple(dict.fromkeys(one.search_text for one in self._chosen if one.search_text))

    @property
    def text(self) -> str:
        """The one way of writing it, separated by spaces; `selection_of` reads it again."""
        return " ".join(str(one) for one in self.patterns)

    @property
    def _chosen(self) -> list[PackagePattern]:
        return [one for one in self.patterns if not one.negated]


def select(patterns: Iterable[PackagePattern]) -> Selection:
    """Make the selection of some patterns: each once, what is left out after what is chosen."""
    return Selection(patterns=tuple(sorted(set(patterns), key=lambda one: (one.negated, one.text))))


def selection_of(text: str) -> Selection:
    """Read the text of a selection that was stored.

    Raises:
        ValueError: it is none.
    """
    found = parse_selection(text.split())
    if isinstance(found, Selection):
        return found
    raise ValueError(found[0].what)


def parse_selection(texts: Iterable[str]) -> Selection | list[Mistake]:
    """Read patterns as they were written, one a text; all that is wrong otherwise."""
    found = [parse_pattern(text) for text in texts]
    mistakes = [one for one in found if isinstance(one, Mistake)]
    patterns = [one for one in found if isinstance(one, PackagePattern)]
    if mistakes:
        return mistakes
    if mistake := check_patterns(patterns):
        return [mistake]
    return select(patterns)


def parse_pattern(text: str) -> PackagePattern | Mistake:
    """Read one pattern as it was written. A scope alone, versions, addresses and mentions are none."""
    negated, glob = text.startswith("!"), re.sub(r"\*+", EVERYTHING, text.removeprefix("!"))
    if negated and glob == EVERYTHING:
        return _refuse(text, "This leaves out every package.")
    if _is_glob(glob):
        return PackagePattern(text=glob, negated=negated)
    what, near = _look_closer(glob)
    return _refuse(text, what, f"!{near}" if negated and near else near)


def _is_glob(glob: str) -> bool:
    """Tell whether it would be a package name with a letter in the place of each star."""
    return not isinstance(parse_package(glob.replace(EVERYTHING, "x")), Mistake)


def _look_closer(glob: str) -> tuple[str, str]:
    """Tell what is wrong with what is no pattern, and the nearest pattern where one is near."""
    if alone := _SCOPE_ALONE.fullmatch(glob):
        what, near = "This is a scope, not its packages.", f"@{alone['scope']}/{EVERYTHING}"
    elif versioned := _WITH_VERSION.fullmatch(glob):
        what, near = "Trust is given for a package, not for one version of it.", versioned["near"]
    elif EVERYTHING in glob or glob.startswith("!"):
        what, near = "No package has a name like this.", f"@{glob}"
    else:
        mistake = parse_package(glob)
        what, near = (mistake.what, mistake.suggestion) if isinstance(mistake, Mistake) else ("", "")
    return what, near if _is_glob(near) else ""


def check_patterns(patterns: Iterable[PackagePattern], *, names_count: bool = True) -> Mistake | None:
    """Tell what is wrong with patterns together, each of which is right.

    Where names do not count, there may be any number of those.
    """
    distinct = set(patterns)
    if not distinct:
        return _refuse("", "No packages were named.")
    if all(pattern.negated for pattern in distinct):
        return _refuse(
            " ".join(sorted(map(str, distinct))), "This says only what to leave out.", expected="what to take as well"
        )
    counted = sum(names_count or not pattern.is_name for pattern in distinct)
    if counted > MOST_PATTERNS:
        return _refuse(
            f"{counted} patterns", "These are too many patterns.", expected=f"at most {MOST_PATTERNS} patterns"
        )
    return None


@lru_cache(maxsize=1024)
def _compile(glob: str) -> re.Pattern[str]:
    """Each star but the last of a part takes as little as it can, for good: no name takes long to look at."""
    if glob == EVERYTHING:
        return re.compile(".+", re.DOTALL)
    return re.compile("/".join(_compile_part(part) for part in glob.split("/")))


def _compile_part(part: str) -> str:
    first, *literals = map(re.escape, part.split(EVERYTHING))
    if not literals:
        return first
    return first + "".join(f"(?>[^/]*?{literal})" for literal in literals[:-1]) + f"[^/]*{literals[-1]}"


def _refuse(text: str, what: str, near: str = "", *, expected: str = EXPECTED) -> Mistake:
    return Mistake(what=what, expected=expected, got=text, suggestion=near, field="pattern")
