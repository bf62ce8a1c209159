"""What a file is given by the one that refers to it, put in where it asks for it."""

import re
from collections.abc import Mapping
from typing import Any

GITHUB_INPUT = re.compile(r"\$\{\{\s*inputs\.([\w-]+)\s*\}\}")
GITLAB_INPUT = re.compile(r"\$\[\[\s*inputs\.([\w-]+)\s*\]\]")

LONGEST_INPUT = 200
"""Characters; a longer value is left as the expression that stands for it, since each place where it is put in costs
as much again."""

MOST_WORK = 50_000
"""Of one judgement: a node costs 1, and so do each 20 characters. A few lines can call one file a thousand times."""

_LETTERS_FOR_ONE = 20


class TooMuch(Exception):
    """There is more than anybody would write; no text."""


class Budget:
    """Counts the work of one judgement."""

    def __init__(self) -> None:
        self._left = MOST_WORK

    def take(self, text: str = "") -> str:
        """Count a node, and hand it back.

        Raises:
            TooMuch: It was used up.
        """
        self._left -= 1 + len(text) // _LETTERS_FOR_ONE
        if self._left < 0:
            raise TooMuch
        return text

    def fill(self, value: Any, pattern: re.Pattern[str], given: Mapping[str, str]) -> Any:  # noqa: ANN401 -- foreign YAML
        """Put inputs in, everywhere; an expression of another kind, or an input that nobody gave, stays.

        Raises:
            TooMuch: as above.
        """
        if isinstance(value, str):
            filled = pattern.sub(lambda found: given.get(found[1], found[0]), value)
            return self.take(filled)
        self.take()
        if isinstance(value, Mapping):
            return {self.fill(key, pattern, given): self.fill(inner, pattern, given) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.fill(inner, pattern, given) for inner in value]
        return value


def read_inputs(declared: Mapping[str, Any], given: Mapping[str, Any], *, usual: str | None = None) -> dict[str, str]:
    """Tell what each input of a file is.

    Args:
        declared: The inputs as the file declares them, with their defaults.
        given: What it is given.
        usual: What an input without default is when it is not given; None: it cannot be told.
    """
    found = {}
    for name, declaration in declared.items():
        default = declaration.get("default") if isinstance(declaration, Mapping) else None
        value = given.get(name, usual if default is None else default)
        if isinstance(value, str) and len(value) <= LONGEST_INPUT:
            found[name] = value
    return found
