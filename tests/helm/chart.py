"""The chart as the real Helm draws it, and the table of its README: `make readme` writes it, a test holds it equal."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

CHART = Path(__file__).parents[2] / "helm" / "npmtrust"
VALUES = CHART / "values.yaml"
README = CHART / "README.md"
EXAMPLES = sorted((CHART / "examples").glob("*.yaml"))
RELEASE = "team"

_PLACE = re.compile(r"(<!-- values, made by `make readme` -->\n)(.*?)(<!-- end -->)", re.DOTALL)
_KEY = re.compile(r"^( *)([A-Za-z]+):(.*)$")

Values = Mapping[str, Any]
Object = dict[str, Any]


def find_helm() -> str:
    """Tell where Helm is.

    Raises:
        LookupError: It is not on this machine.
    """
    found = shutil.which("helm")
    if found is None:
        raise LookupError("this test needs Helm 3 or newer on the PATH: see https://helm.sh/docs/intro/install")
    return found


def run_helm(*arguments: str, values: Values | None = None) -> subprocess.CompletedProcess[str]:
    """Run Helm, with values on its standard input where there are any."""
    given = ("--values", "-") if values is not None else ()
    return subprocess.run(
        [find_helm(), *arguments, *given],
        input=None if values is None else json.dumps(values),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def draw(values: Values) -> list[Object]:
    """Draw the objects of a release.

    Raises:
        AssertionError: Helm refuses, with its words.
    """
    done = run_helm("template", RELEASE, str(CHART), "--namespace", "publishing", values=values)
    assert done.returncode == 0, done.stderr
    return [found for found in yaml.safe_load_all(done.stdout) if found]


def refusal(values: Values) -> str:
    """Tell why Helm does not draw a release.

    Raises:
        AssertionError: It does.
    """
    done = run_helm("template", RELEASE, str(CHART), values=values)
    assert done.returncode != 0, "Helm has drawn it"
    return " ".join(done.stderr.split())


def merged(values: Values, *more: Values) -> dict[str, Any]:
    """Lay values over each other, as Helm does."""
    result = dict(values)
    for layer in more:
        for name, value in layer.items():
            known = result.get(name)
            result[name] = merged(known, value) if isinstance(known, dict) and isinstance(value, dict) else value
    return result


def readme() -> str:
    """Write the chart's README with the table of its values."""
    text = README.read_text()
    return _PLACE.sub(lambda found: f"{found[1]}{_table()}{found[3]}", text)


def _table() -> str:
    lines = ["| value | meaning | default |", "|---|---|---|"]
    lines += [f"| `{name}` | {meaning} | `{default}` |" for name, meaning, default in documented_values()]
    return "\n".join(lines) + "\n"


def documented_values() -> Iterator[tuple[str, str, str]]:
    """Read each value with the comment above it and its default."""
    path: list[str] = []
    comment = ""
    defaults = yaml.safe_load(VALUES.read_text())
    for line in VALUES.read_text().splitlines():
        if line.lstrip().startswith("#"):
            comment = line.strip().removeprefix("# ")
        elif found := _KEY.match(line):
            indent, key, _ = found.groups()
            path = [*path[: len(indent) // 2], key]
            default: Any = defaults
            for part in path:
                default = default.get(part) if isinstance(default, dict) else None
            if comment and default is not None:
                shown = json.dumps(default) if not isinstance(default, str) else default or '""'
                yield ".".join(path), comment, shown
            comment = ""


if __name__ == "__main__":
    README.write_text(readme())
