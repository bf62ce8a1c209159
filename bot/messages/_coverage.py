"""What the coverage and the digest have in common: the bar, the numbers, the owners, and how complete it all is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.domain.coverage import LACKING, Standing, label_of
from bot.domain.digest import CatalogueNote
from bot.messages._text import ago, bold, count, day, mention, names, safe, typed
from bot.messages._words import COMMAND, package_words

_CELLS = 16
_MOST_MENTIONED = 60
_MOST_OTHERS = 8
_HAVE = (Standing.TRUSTED, Standing.NOT_USED_YET)

MEANING = (
    "Lacking means downgraded, provenance only or none. Public data is evidence: an unused configuration does not show."
)
"""What the numbers mean, for those who read them for the first time."""


@dataclass(frozen=True, slots=True)
class PackageLine:
    """A package in one line, with what is known of it."""

    name: str
    label: str
    """Its standing, in words."""
    version: str = ""
    by: str = ""
    last_publish: datetime | None = None
    repository: str = ""
    owners: Sequence[str] = ()
    """npm users."""


def selection_words(selection: str) -> str:
    """Name the packages that a selection stands for; in markup, also within bold."""
    return safe(selection, 200) if selection else "all known packages"


def selection_code(selection: str) -> str:
    """Name them so that the selection can be copied; in markup, not within bold."""
    return typed(selection, 200) if selection else "all known packages"


def bar(part: int, whole: int) -> str:
    """Draw a part of a whole; what is not nothing shows, and what is not all is not full."""
    cells = part * _CELLS // whole if whole else 0
    return "▓" * max(cells, 1 if part else 0) + "░" * (_CELLS - max(cells, 1 if part else 0))


def tally_lines(counts: Mapping[Standing, int], now: datetime) -> list[str]:
    """Say how many packages stand where: those that have trust, those that lack it, and those that need nothing."""
    rest = [standing for standing in Standing if standing not in LACKING and standing not in _HAVE]
    lacking = sum(counts.get(standing, 0) for standing in LACKING)
    return [
        _tally("✅", _HAVE, counts, now),
        _tally(f"❗ {count(lacking, 'lacks', 'lack')} it:", sorted(LACKING, key=list(Standing).index), counts, now),
        _tally("Not counted:", rest, counts, now),
    ]


def _tally(title: str, standings: Sequence[Standing], counts: Mapping[Standing, int], now: datetime) -> str:
    found = [f"{counts[each]} {safe(label_of(each, now))}" for each in standings if counts.get(each)]
    return f"{title} {' · '.join(found)}" if found else ""


def package_line(package: PackageLine) -> str:
    """Tell a package that lacks trust, in one line; what is not known is left out."""
    facts = [
        f"{bold(safe(package_words(package.name), 214))}: {safe(package.label, 60)}",
        _version(package),
        safe(package.repository, 100),
        names(package.owners, 3),
    ]
    return " · ".join(fact for fact in facts if fact)


def _version(package: PackageLine) -> str:
    by = f" by {safe(package.by, 60)}" if package.by else ""
    at = f", {day(package.last_publish)}" if package.last_publish else ""
    return f"{safe(package.version, 40)}{by}{at}" if package.version else ""


def owners_line(owners: Sequence[tuple[str, str, int]]) -> str:
    """Say who maintains how many of what lacks trust: (npm user, Slack id or nothing, number) of each."""
    linked = [f"{mention(slack_user)} ({number})" for _, slack_user, number in owners if slack_user]
    others = [f"{safe(npm_user, 60)} ({number})" for npm_user, slack_user, number in owners if not slack_user]
    shown = _first(linked, _MOST_MENTIONED)
    return " · ".join([*shown, f"not linked: {', '.join(_first(others, _MOST_OTHERS))}"] if others else shown)


def _first(items: Sequence[str], most: int) -> list[str]:
    left_out = len(items) - most
    return [*items[:most], f"and {left_out} more"] if left_out > 0 else list(items)


def catalogue_line(catalogue: CatalogueNote, read_at: datetime | None) -> str:
    """Say how complete the list of packages is, and how old what was read."""
    read = f" · oldest reading {ago(read_at)}" if read_at else ""
    private = f" · {count(catalogue.private, 'private package')} not named" if catalogue.private else ""
    known = f"{catalogue.known} named" if catalogue.named else f"{catalogue.known} known; {_confirmed(catalogue)}"
    return f"{known}{private}{read}"


def _confirmed(catalogue: CatalogueNote) -> str:
    if catalogue.confirmed_at is None:
        at = catalogue.searched_at
        searched = f"list from npm's search {ago(at)}" if at else "not searched yet"
        return f"{searched}, confirmed by nobody: `{COMMAND} login` by an owner helps"
    who = f"by {mention(catalogue.confirmed_by)}" if catalogue.confirmed_by else "by an owner"
    return f"list confirmed {who} {ago(catalogue.confirmed_at)}"
