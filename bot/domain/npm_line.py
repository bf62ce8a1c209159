"""A call of a step as a line of npm's own command, for somebody's shell.

line  = "npm trust" (provider | "revoke") package { "--" flag [ "=" value ] }

Every value is one word to a POSIX shell, whatever is in it. The flags are npm 11.19's (npm trust github --help).
"""

import re
import shlex
from collections.abc import Iterator

from bot.domain.command_line import PERMISSION_FLAGS
from bot.domain.operations import Create, Operation, Replace, revoked_id_of
from bot.domain.publishers import fields_of

# npm takes a value that begins with a hyphen for the next flag, trims, and puts variables of the environment into
# ${NAME} (nopt; @npmcli/config, parse-field.js).
_MISREAD = re.compile(r"\s.*|-.*|.*\s|.*\$\{.*|.*[\r\n].*", re.DOTALL)
_FILE = re.compile(r".*\.(?:tgz|tar\.gz|tar)", re.IGNORECASE)
"""npm takes such a name for a file (npm-package-arg)."""


def npm_line(operation: Operation, *, registry: str) -> str:
    """Write the line that does what a create or a revoke does, at this registry and without npm's own question.

    Empty where npm's command line cannot say it, and for a replace: that is two calls, with a look before them.
    """
    words = [] if isinstance(operation, Replace) else list(_words(operation, registry))
    values = [word.partition("=")[2] if word.startswith("--") else word for word in words]
    if not words or any(map(_MISREAD.fullmatch, values)) or _FILE.fullmatch(operation.package):
        return ""
    return " ".join(["npm", "trust", *map(shlex.quote, words)])


def _words(operation: Operation, registry: str) -> Iterator[str]:
    if isinstance(operation, Create):
        yield from (operation.publisher.provider.value, operation.package)
        for flag, values in fields_of(operation.publisher).items():
            yield from (f"--{flag}={value}" for value in values)
        yield from (f"--{name}" for permission, name in PERMISSION_FLAGS.items() if permission in operation.permissions)
        yield "--yes"
    elif revoked := revoked_id_of(operation):
        yield from ("revoke", operation.package, f"--id={revoked}")
    else:
        return
    yield f"--registry={registry}"
