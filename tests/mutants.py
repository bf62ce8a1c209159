"""`make mutants`: takes the defences out of the code, one change at a time, and tells which of them no test notices.

A change is made in a copy; the tree is left alone. The tests are those that are quick and about these files, and of a
change those alone run that come by it. With one process this takes some six minutes.
"""

import argparse
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parents[1]
ROUNDS = (
    (
        (
            "bot/domain/approval.py",
            "bot/domain/reviewers.py",
            "bot/messages/_text.py",
            "bot/registry/urls.py",
            "bot/slack_addresses.py",
            "handlers/request_guard.py",
        ),
        (
            "tests/domain/test_approval.py",
            "tests/domain/test_policy_approval.py",
            "tests/messages/test_text.py",
            "tests/registry/test_urls.py",
            "tests/test_slack_addresses.py",
            "tests/handlers/test_guard_properties.py",
        ),
    ),
    # by itself: its tests need a whole world, and would be run for every change that they come by
    (("bot/workflow/authorise.py",), ("tests/workflow/test_authorise.py",)),
)
"""Files, and the tests that are about them."""
SAME = {
    # signs that are safe, or kept, or cut anyway
    """+    return quote(text, safe="XX!~*'()XX")""": "X needs no escape",
    # text that Python reads alike
    """char in "XX \\n""": "X is kept anyway",
    """-Signature", "XXXX")""": "as wrong as an empty one",
    """-Timestamp", "XXXX")""": "as wrong as an empty one",
    "-        case _:  # pragma: no cover": "never reached: mypy holds it",
    "UTF-16": "the name of a codec in capitals",
    "+            assert_never(None)": "never reached: mypy holds it",
    '+            denial = ""': "as false as None",
    '+    return len(text.encode("utf-16-le", "surrogatepass")) / 2': "compared alone, and always whole",
    "directory.npm_users.get(approval.person, None)": "as false as an empty one",
    "directory.npm_users.get(approval.person, )": "as false as an empty one",
    "+    is_free = None": "NO_POLICY forbids nothing: to know it saves reading the operation",
    "-        case None:\n-            return None": "a match that says nothing says None",
}
"""Changes, by what stands in their new line, that change nothing; with the reason."""
_CONFIGURATION = """
[tool.mutmut]
source_paths = ["bot", "handlers", "storage"]
only_mutate = {sources}
also_copy = ["README.md"]
pytest_add_cli_args_test_selection = {tests}
"""


def main() -> int:
    """Run it, print the score of each file and what survived, and fail where something did that is no same."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("words", nargs="*", help="only files with one of these in their path; none: all")
    parser.add_argument("--processes", type=int, default=1)
    wanted = parser.parse_args()
    results = [
        _run_round(chosen, tests, wanted.processes)
        for sources, tests in ROUNDS
        if (chosen := [each for each in sources if any(word in each for word in wanted.words or [each])])
    ]
    return max(results, default=1)


def _run_round(sources: Sequence[str], tests: Sequence[str], processes: int) -> int:
    with TemporaryDirectory(prefix="npmtrust-mutants-") as folder:
        copy = Path(folder)
        for name in ("bot", "handlers", "storage", "tests"):
            shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / "README.md", copy)
        project = (ROOT / "pyproject.toml").read_text()
        configuration = _CONFIGURATION.format(sources=list(sources), tests=list(tests))
        (copy / "pyproject.toml").write_text(project + configuration)
        _mutmut(copy, "run", "--max-children", str(processes), shown=True)
        states = dict(re.findall(r"^\s*(\S+): (.+)$", _mutmut(copy, "results", "--all", "true"), re.MULTILINE))
        survived = {name: _change_of(copy, name) for name, state in states.items() if state != "killed"}
    real = {name: change for name, change in survived.items() if not any(line in change for line in SAME)}
    for name, change in real.items():
        print(f"\n{name} ({states[name]})\n{change}")  # noqa: T201 -- its purpose
    for source in sources:
        module = source.removesuffix(".py").replace("/", ".") + "."
        made, noticed, left = (
            sum(name.startswith(module) for name in names)
            for names in (states, [name for name, state in states.items() if state == "killed"], real)
        )
        same = made - noticed - left
        print(f"{source}: {noticed} of {made} changes noticed, {same} change nothing, {left} survived")  # noqa: T201
    return 1 if real or not states else 0


def _mutmut(folder: Path, *arguments: str, shown: bool = False) -> str:
    program = Path(sys.executable).with_name("mutmut")
    done = subprocess.run(
        [program, *arguments], cwd=folder, check=False, text=True, stdout=None if shown else subprocess.PIPE
    )
    return done.stdout or ""


def _change_of(folder: Path, name: str) -> str:
    lines = _mutmut(folder, "show", name).splitlines()
    return "\n".join(line for line in lines if re.match(r"[-+](?![-+]{2})", line))


if __name__ == "__main__":
    sys.exit(main())
