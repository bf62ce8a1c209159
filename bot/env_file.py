"""The file `.env`: read and written so that pydantic-settings reads the same again."""

import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path

from dotenv import dotenv_values

from bot.errors import StartupError

_PLAIN = re.compile(r"[A-Za-z0-9_./:@,+=-]*")
_HEADER = (
    "# Settings of npmtrust, read by `npmtrust run`. This file holds secrets: keep it to yourself, and out of git.\n"
)


def load_file(path: Path, *, force: bool) -> dict[str, str]:
    """Read the file that is there; with `force` it is changed, and what is not given anew stays.

    Raises:
        StartupError: There is one, and it may not be changed, or cannot be read.
    """
    if not path.exists():
        return {}
    if not force:
        raise StartupError(f"{path} is there already: --force changes what you give and keeps the rest, its key too")
    try:
        return {name: value for name, value in dotenv_values(path, interpolate=False).items() if value}
    except (OSError, UnicodeDecodeError) as err:
        raise StartupError(f"{path} cannot be read: {type(err).__name__}; look at its rights, or delete it") from None


def write_file(path: Path, values: Mapping[str, str]) -> None:
    """Write the file whole or not at all; only its owner can read it.

    Raises:
        StartupError: A value cannot be written so that it is read again, or the folder cannot be written.
    """
    text = _HEADER + "".join(f"{name}={_quote(name, value)}\n" for name, value in values.items())
    try:
        number, name = tempfile.mkstemp(dir=path.absolute().parent, prefix=".env-")  # with mode 0600
        try:
            with os.fdopen(number, "w", encoding="utf-8") as file:
                file.write(text)
            Path(name).replace(path)
        finally:
            Path(name).unlink(missing_ok=True)  # what could not be put in its place holds secrets too
    except OSError as err:
        raise StartupError(f"{path} cannot be written: {err.strerror}") from err


def _quote(name: str, value: str) -> str:
    if _PLAIN.fullmatch(value):
        return value
    if not value.isprintable() or any(part in value for part in ("'", "\\", "${")):
        raise StartupError(f"{name} has a character that .env cannot hold: set it in the environment instead")
    return f"'{value}'"
