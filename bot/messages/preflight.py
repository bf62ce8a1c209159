"""The answer to `check PACKAGE`: each thing that was looked at, and how to mend what does not hold."""

from collections.abc import Iterable, Mapping

from bot.domain.preflight_jobs import Point, Topic
from bot.domain.preflight_views import CheckedPublisher, PackageCheck
from bot.domain.publish_commands import Guess
from bot.domain.publishers import GitHub, GitLab
from bot.messages._blocks import answer, code, context, message, section
from bot.messages._text import bold, count, safe
from bot.messages._words import COMMAND, package_words
from bot.messages.message import Block, Message

_SIGNS = {Guess.YES: "✅", Guess.MAYBE: "❔", Guess.NO: "❌"}

_GITHUB: Mapping[Topic, str] = {
    Topic.ID_TOKEN: "    permissions:\n      contents: read\n      id-token: write",
    Topic.ENVIRONMENT: "    environment: {environment}",
    Topic.RUNNER: "    runs-on: ubuntu-latest",
    Topic.NODE: "      - uses: actions/setup-node@v5\n        with:\n          node-version: 24",
    Topic.NPM: "      - uses: actions/setup-node@v5\n        with:\n          node-version: 24",
    Topic.PUBLISHES: "      - run: npm publish",
}
"""Lines of a job, by what they mend."""
_GITLAB: Mapping[Topic, str] = {
    Topic.ID_TOKEN: '  id_tokens:\n    NPM_ID_TOKEN:\n      aud: "npm:<host of the npm registry>"',
    Topic.ENVIRONMENT: "  environment: {environment}",
    Topic.NODE: "  image: node:24",
    Topic.NPM: "  image: node:24",
    Topic.PUBLISHES: "  script:\n    - npm publish",
}


def render_check(check: PackageCheck) -> Message:
    """Show what was looked at; what does not hold comes with what to do, and with the lines that mend it."""
    name = safe(package_words(check.package), 214)
    if not check.checked:
        return answer(
            f"{bold(name)} names no repository on GitHub or GitLab, and nothing was set up for it here.",
            f"Add `repository` to its package.json, or ask for it with its repository:"
            f" `{COMMAND} github {name} --repo OWNER/REPO --file FILE.yml`",
        )
    faults = sum(_count_faults(each) for each in check.checked)
    title = f"{name}: {count(faults, 'thing')} to mend" if faults else f"{name}: nothing to mend, as far as I can see"
    blocks = [block for each in check.checked for block in _blocks(each)]
    closing = (
        "I looked at the default branch. npm checks none of this when a publisher is set up, only when it is used."
    )
    return message(title, section(bold(title)), *blocks, context(closing))


def _blocks(checked: CheckedPublisher) -> Iterable[Block]:
    publisher = checked.publisher
    narrowed = f", environment {safe(publisher.environment, 100)}" if publisher.environment else ""
    yield section(f"{bold(safe(publisher.label, 250))}{narrowed} ({checked.origin.value})", *map(_line, checked.points))
    for place, lines in _mending_lines(checked).items():
        yield section(f"In {safe(place, 100)}:")
        yield from code("\n".join(lines))


def _line(point: Point) -> str:
    mend = f"\n      → {safe(point.mend, 300)}" if point.mend else ""
    return f"{_SIGNS[point.holds]} {safe(point.says, 300)}{mend}"


def _mending_lines(checked: CheckedPublisher) -> dict[str, list[str]]:
    """Tell the lines that mend what does not hold, by where they belong."""
    match checked.publisher:
        case GitHub():
            known = _GITHUB
        case GitLab():
            known = _GITLAB
        case _:
            return {}
    found: dict[str, list[str]] = {}
    for point in checked.points:
        line = known.get(point.topic, "").replace("{environment}", checked.publisher.environment)
        if point.holds is Guess.NO and line and line not in found.setdefault(point.mended_in, []):
            found[point.mended_in].append(line)
    return found


def _count_faults(checked: CheckedPublisher) -> int:
    return sum(point.holds is Guess.NO for point in checked.points)
