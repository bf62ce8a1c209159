"""Whether the Node and the npm of a CI job are new enough for trusted publishing (npm-trust 7.3).

Sources: https://docs.npmjs.com/trusted-publishers for the lower limits; the change log of Node for the npm that each
release brings (24.5.0 is the first with npm 11.5.1).
"""

import re

from bot.domain.publish_commands import Guess

NODE_NEEDED = "22.14"
NPM_NEEDED = "11.5.1"
NPM_NEEDED_TO_STAGE = "11.15"

_NUMBER = re.compile(r"[v^~=]*(\d{1,4})(?:\.(\d{1,4}|[x*]))?(?:\.(\d{1,4}|[x*]))?")
_MANY = 10_000
"""More than any minor or patch version: of `22` the newest is meant."""

_NEWEST = frozenset({"latest", "current", "node", "lts", "lts/*", "*"})
_NAMES = {
    "lts/argon": 4,
    "lts/boron": 6,
    "lts/carbon": 8,
    "lts/dubnium": 10,
    "lts/erbium": 12,
    "lts/fermium": 14,
    "lts/gallium": 16,
    "lts/hydrogen": 18,
    "lts/iron": 20,
    "lts/jod": 22,
    "lts/krypton": 24,
}
_FIRST_WITH_NPM = (24, 5, 0)


def is_node_new_enough(version: str) -> Guess:
    """Judge a version as `actions/setup-node` and the tags of images write it: `22.x`, `lts/*`, `v20.11.0`."""
    return _compare(_read_node(version), (22, 14, 0))


def brings_new_npm(version: str) -> Guess:
    """Judge the npm that comes with a Node."""
    return _compare(_read_node(version), _FIRST_WITH_NPM)


def is_npm_new_enough(spec: str, *, staging: bool = False) -> Guess:
    """Judge what stands behind `npm@`: `latest`, `11`, `^11.5.1`, `>=11.5.1`."""
    text = spec.strip().lower().removeprefix(">=").strip()
    if text in {"latest", "next", "*"} or re.fullmatch(r"next-\d+", text):
        return Guess.YES
    return _compare(
        _read_number(text, open_above=spec.strip().startswith(("^", ">="))), (11, 15, 0) if staging else (11, 5, 1)
    )


def _compare(found: tuple[int, int, int] | None, needed: tuple[int, int, int]) -> Guess:
    if found is None:
        return Guess.MAYBE
    return Guess.YES if found >= needed else Guess.NO


def _read_node(version: str) -> tuple[int, int, int] | None:
    text = version.strip().lower()
    if text in _NEWEST:
        return (_MANY, 0, 0)
    if text in _NAMES:
        return (_NAMES[text], _MANY, _MANY)
    return _read_number(text, open_above=text.startswith("^"))


def _read_number(text: str, *, open_above: bool) -> tuple[int, int, int] | None:
    """Read the newest version that a number means: of `^22.1.0` and of `22` the newest 22."""
    match = _NUMBER.fullmatch(text)
    if match is None:
        return None
    major, minor, patch = match.groups()
    if open_above or minor in {None, "x", "*"}:
        return (int(major), _MANY, _MANY)
    is_open = patch in {None, "x", "*"} or text.startswith("~")
    return (int(major), int(minor), _MANY if is_open else int(patch))
