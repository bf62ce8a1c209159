"""What the commands and actions of a CI job do, as far as their text tells: publish, perhaps, or surely not.

Names that we do not know count as "perhaps": a false alarm about a workflow that works costs more than a silence.
"""

import re
from collections.abc import Iterable
from enum import StrEnum


class Guess(StrEnum):
    """What reading tells of something that may hold."""

    YES = "yes"
    MAYBE = "maybe"
    """Cannot be told from the text."""
    NO = "no"


_WORDS = r"""(?:(?!run\b)[\w@=./:"'*-]+\s+){0,8}?"""
"""Flags and their values."""
_TOOLS = re.compile(
    rf"""(?<![\w./@-])(?:
        (?:npm(?:@\S+)?|pnpm|bun|yarn)\s+{_WORDS}publish\b
      | lerna\s+publish\b | nx\s+release\b | changeset\s+publish\b | rush\s+publish\b | beachball\s+publish\b
      | semantic-release\b | multi-semantic-release\b | release-it\b | auto\s+shipit\b
      | npx\s+(?:(?:-y|--yes)\s+)?np(?:@\S+)?(?:\s|$)
    )""",
    re.VERBOSE,
)
_NPM_ITSELF = re.compile(rf"(?<![\w./@-])npm(?:@\S+)?\s+{_WORDS}publish\b")
_STAGES = re.compile(r"(?<![\w./@-])npm(?:@\S+)?\s+stage\s+publish\b")


def _any(words: str) -> str:
    return "(?:" + "|".join(words.split()) + ")"


_SHELL = _any(
    "echo printf cd pwd ls cat cp mv rm mkdir touch set export test true false exit sleep env date tar gzip unzip jq"
    " sed grep awk head tail chmod git if then else fi for do done corepack docker"
)
_CHECKERS = _any("tsc eslint prettier vitest jest mocha tap playwright cypress c8 nyc publint attw size-limit knip")
_SUBCOMMANDS = _any(
    "ci install i add test t tst pack audit dedupe version config set view info ls list outdated rebuild whoami cache"
)
_SCRIPTS = _any(
    "test lint build compile bundle type-?check types tsc format fmt check coverage cover docs e2e audit clean generate"
    " codegen bench size"
)
_HARMLESS = re.compile(
    rf"""(?:
        (?:{_SHELL}|{_CHECKERS}|\[+)(?:\s.*)?
      | (?:sudo\s+)?apt(?:-get)?\s.*
      | (?:node|npm|pnpm|yarn|bun)\s+(?:-v|--version)\b.*
      | (?:npm|pnpm|yarn|bun)\s+{_SUBCOMMANDS}(?:\s.*)?
      | yarn
      | (?:npm|pnpm|yarn|bun)\s+(?:run\s+|run-script\s+)?(?:ci:|pre)?{_SCRIPTS}(?:[:\s].*)?
      | (?:npx|pnpm\s+exec|pnpm\s+dlx|yarn\s+dlx|bunx)\s+(?:-y\s+|--yes\s+)?{_CHECKERS}(?:\s.*)?
    )""",
    re.VERBOSE,
)
_HARMLESS_ACTIONS = re.compile(
    r"(?:actions/(?!github-script)[\w-]+|github/codeql-action|codecov/codecov-action|coverallsapp/github-action|pnpm/action-setup"
    r"|oven-sh/setup-bun|denoland/setup-deno|volta-cli/action|dorny/paths-filter|step-security/harden-runner|softprops/action-gh-release"
    r"|docker/[\w-]+|googleapis/release-please-action|google-github-actions/release-please-action)(?:/[\w./-]+)?(?:@.*)?"
)
_PUBLISHING_ACTIONS = re.compile(
    r"(?:js-devtools/npm-publish|cycjimmy/semantic-release-action|codfish/semantic-release-action)(?:@.*)?",
    re.IGNORECASE,
)
_CHANGESETS = re.compile(r"changesets/action(?:@.*)?", re.IGNORECASE)
_INSTALL = r"npm\s+(?:i|install|add|update|up)\s+"
_GLOBALLY = r"(?:-g|--global|--location=global)"
_OTHERS = r"(?:[\w@.=/-]+\s+){0,8}?"
_UPGRADE = re.compile(
    rf"""(?<![\w./@-])(?:
        {_INSTALL}{_OTHERS}{_GLOBALLY}\s+{_OTHERS}["']?npm(?![\w/-])(?:@(?P<a>[^\s"']+))?
      | {_INSTALL}(?:-\S+\s+){{0,8}}["']?npm(?![\w/-])(?:@(?P<b>[^\s"']+))?["']?\s+{_GLOBALLY}(?!\w)
      | (?:npx|pnpm\s+dlx|corepack\s+(?:use|prepare|install\s+-g|install))\s+(?:-\S+\s+){{0,8}}["']?npm@(?P<c>[^\s"']+)
    )""",
    re.VERBOSE,
)
_LONGEST_LINE = 2000
"""Characters; nobody writes a longer command by hand, and a search must not take long."""


def _lines(script: str) -> list[str]:
    """Cut a script into commands; comments and rehearsals are left out."""
    joined = re.sub(r"\\\r?\n", " ", script)
    parts = re.split(r"\r?\n|&&|\|\||;", joined)
    found = (
        re.sub(r"^(?:\w+=\S*\s+|[({!]\s*|(?:then|else|do|sudo|time|exec)\s+)+", "", part.strip()) for part in parts
    )
    return [part[:_LONGEST_LINE] for part in found if part and not part.startswith("#") and "--dry-run" not in part]


def does_script_publish(script: str) -> Guess:
    """Tell whether a shell script publishes to npm."""
    lines = _lines(script)
    if any(_TOOLS.search(line) for line in lines):
        return Guess.YES
    return Guess.NO if all(_HARMLESS.fullmatch(line) for line in lines) else Guess.MAYBE


def does_action_publish(action: str, *, has_publish_command: bool) -> Guess:
    """Tell whether an action publishes to npm: `js-devtools/npm-publish@v4`, `./.github/actions/setup`."""
    if _PUBLISHING_ACTIONS.fullmatch(action):
        return Guess.YES
    if _CHANGESETS.fullmatch(action):  # without the command it only keeps a pull request up to date
        return Guess.YES if has_publish_command else Guess.NO
    return Guess.NO if _HARMLESS_ACTIONS.fullmatch(action) else Guess.MAYBE


def surest(guesses: Iterable[Guess]) -> Guess:
    """Tell whether any of them is so."""
    found = set(guesses)
    return next((guess for guess in (Guess.YES, Guess.MAYBE) if guess in found), Guess.NO)


def weakest(one: Guess, other: Guess) -> Guess:
    """Tell whether both are so."""
    return next(guess for guess in (Guess.NO, Guess.MAYBE, Guess.YES) if guess in {one, other})


def uses_npm_itself(scripts: Iterable[str]) -> bool:
    """Tell whether it is npm's own `publish` that runs: other tools have releases of their own that can do without."""
    lines = (line for script in scripts for line in _lines(script))
    return any(_NPM_ITSELF.search(line) and not re.search(r"\byarn\b", line) for line in lines)


def stages(scripts: Iterable[str]) -> bool:
    """Tell whether `npm stage publish` runs, which needs a later npm."""
    return any(_STAGES.search(line) for script in scripts for line in _lines(script))


def find_npm_wanted(scripts: Iterable[str]) -> str | None:
    """Find which npm is installed or run: `latest`, `11.5.1`, `^11`; the last counts; None: none is named."""
    wanted = None
    for script in scripts:
        for line in _lines(script):
            for match in _UPGRADE.finditer(line):
                wanted = next((spec for spec in match.groups() if spec), "latest")
    return wanted
