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
"""Of one judgement: a node costs 1, and so do each 20 characters and each command of a script. A few lines can call one
file a thousand times."""

_LETTERS_FOR_ONE = 20
_BETWEEN_COMMANDS = (";", "\n", "&&", "||")
"""Each command is compared with much, however short it is."""


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
        self._left -= 1 + len(text) // _LETTERS_FOR_ONE + sum(map(text.count, _BETWEEN_COMMANDS))
        if self._left < 0:
            raise TooMuch
        return text

    def fill(self, value: Any, pattern: re.Pattern[str], given: Mapping[str, str]) -> Any:  # noqa: ANN401 -- foreign YAML
        """Put inputs in, everywhere; an expression of another kind, or an input that nobody gave, stays.

        Args:
            value: Part of a file.
            pattern: How the file asks for an input.
            given: As `read_inputs` tells them.

        Raises:
            TooMuch: as above.
        """
        if isinstance(value, str):
            filled = pattern.sub(lambda found: given.get(found[1].casefold(), found[0]), value)
            return self.take(filled)
        self.take()
        if isinstance(value, Mapping):
            return {self.fill(key, pattern, given): self.fill(inner, pattern, given) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.fill(inner, pattern, given) for inner in value]
        return value

    def read_inputs(
        self, declared: Mapping[str, Any], given: Mapping[str, Any], *, usual: str | None = None
    ) -> dict[str, str]:
        """Tell what each input of a file is, by its name in small letters: to GitHub capitals make no difference.

        Args:
            declared: The inputs as the file declares them, with their defaults.
            given: What it is given.
            usual: What an input without default is when it is not given; None: it cannot be told.

        Raises:
            TooMuch: as above. A file that declares thousands costs as much each time that it is called.
        """
        handed = {self.take(name).casefold(): value for name, value in given.items()}
        found = {}
        for written, declaration in declared.items():
            name = self.take(written).casefold()
            default = declaration.get("default") if isinstance(declaration, Mapping) else None
            value = handed.get(name, usual if default is None else default)
            if isinstance(value, str) and len(value) <= LONGEST_INPUT:
                found[name] = value
        return found
