"""Checks that GitHub and GitLab share: the name of a file, the name of an environment."""

import re
from collections.abc import Callable
from typing import Any

from bot.domain.mistakes import Mistake
from bot.domain.publishers._core import Claims

_FILE = re.compile(r"[^/\\\s]+\.ya?ml")
_MOST_LETTERS = 255


def file_check(words: str, path_words: str) -> Callable[[str], Mistake | None]:
    """Make the check of a file; npm's two subjects differ: `GitHub Actions Workflow`, `GitHub Actions workflow`."""

    def check_file(file: str) -> Mistake | None:
        if _is_name(file):
            return None
        return Mistake(
            what=_complaint(file, words, path_words),
            expected="a file name such as release.yml",
            got=file,
            suggestion=_nearest_file(file),
            field="file",
        )

    return check_file


def check_environment(environment: str) -> Mistake | None:
    """Take any name but one that holds control characters or is longer than providers allow."""
    if environment.isprintable() and len(environment) <= _MOST_LETTERS:
        return None
    return Mistake(
        what="This cannot be the name of an environment.",
        expected="a name such as production, of at most 255 characters",
        got=environment,
        field="environment",
    )


def text_claim(claims: Claims, name: str) -> str:
    """Read a claim that is text; empty when it is absent or something else."""
    value: Any = claims.get(name)
    return value if isinstance(value, str) else ""


def file_claim(claims: Claims, name: str) -> str:
    """Read the `file` inside a claim."""
    value: Any = claims.get(name)
    return text_claim(value, "file") if isinstance(value, dict) else ""


def _complaint(file: str, words: str, path_words: str) -> str:
    if "/" in file or "\\" in file:
        return f"{path_words} must be just a file not a path."
    if not file.endswith((".yml", ".yaml")):
        return f"{words} must end in .yml or .yaml."
    if not all(char.isprintable() or char.isspace() for char in file):
        return f"{words} must be a file name without characters that do not show."
    return f"{words} must be a file name without spaces."


def _is_name(file: str) -> bool:
    """Tell whether a file can be called so. What does not show would be approved unseen, and match no file."""
    return _FILE.fullmatch(file) is not None and file.isprintable() and len(file) <= _MOST_LETTERS


def _nearest_file(file: str) -> str:
    shown = "".join(char for char in file if char.isprintable())
    base = re.split(r"[/\\]", shown.rstrip("/\\"))[-1]
    base = re.split(r"[@?#]", base)[0]
    stem, dot, ending = base.rpartition(".")
    nearest = f"{stem}.{ending.lower()}" if dot and ending.lower() in {"yml", "yaml"} else f"{stem or base}.yml"
    return nearest if _is_name(nearest) else ""
