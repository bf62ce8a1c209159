"""SECURITY.md says which test shows each defence: each of them is there, and each dependency is described."""

import ast
import re
import tomllib
from pathlib import Path

import pytest

from bot.settings import Settings
from bot.workflow import limits
from tests.readme import README

ROOT = README.parent
SECURITY = (ROOT / "SECURITY.md").read_text()
TABLE = SECURITY.partition("## Attacks, defences, tests")[2]
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in TABLE.splitlines()
    if line.startswith("|") and not line.startswith(("| attack ", "|---"))
]
NAMED = sorted({named for *_, tests in ROWS for named in re.findall(r"`([\w/]+\.py::\w+)`", tests)})

ATTACKS = (
    *("forged", "stale", "future", "replayed", "malformed", "oversized", "duplicated"),
    *("made up", "another message or channel", "another workspace", "getting B", "second account", "forwarded"),
    *("membership", "Guests", "Slack Connect", "previewer", "authUrl", "loginUrl", "doneUrl", "hostile", "look-alike"),
    *("Mentions", "Formatting", "Hidden", "out of sight", "response_url", "file URL", "--registry", "Secrets in logs"),
    *("errors", "metrics", "exports", "backup", "stolen database", "stolen key", "rewritten", "behind the bot's back"),
    *("floods", "poisoned policy", "open window", "dependency"),
)
"""What there has to be a defence against, at least."""


def functions_of(path: Path) -> set[str]:
    tree = ast.parse(path.read_text())
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


@pytest.mark.parametrize("named", NAMED)
def test_a_test_that_is_named_is_there(named: str) -> None:
    file, _, name = named.partition("::")
    assert name in functions_of(ROOT / "tests" / file)


def test_every_attack_has_a_defence_and_a_test() -> None:
    assert len(ROWS) > 60
    assert [row for row in ROWS if len(row) != 3 or not all(row) or "::test_" not in row[2]] == []
    told = " ".join(row[0] for row in ROWS).lower()
    assert [attack for attack in ATTACKS if attack.lower() not in told] == []


def test_the_limits_are_those_of_the_code() -> None:
    numbers = {each.strip() for line in SECURITY.splitlines() if line.startswith("|") for each in line.split("|")}
    in_code = [each.most for each in vars(limits).values() if isinstance(each, limits.Limit)]
    assert len(in_code) == 9
    assert [most for most in in_code if f"{most:,}" not in numbers] == []
    assert Settings.model_fields["sessions"].default == "after_batch"


def test_every_direct_dependency_is_described() -> None:
    text = (ROOT / "docs" / "dependencies.md").read_text()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [
        *project["dependencies"],
        *(each for extra in project["optional-dependencies"].values() for each in extra),
    ]
    names = {re.match(r"[\w-]+", each)[0] for each in wanted}  # type: ignore[index]
    described = set(re.findall(r"^\| `([\w-]+)`", text, re.MULTILINE))
    assert described == names
