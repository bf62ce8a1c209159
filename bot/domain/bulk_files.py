"""What kind of thing was handed in, and reading it. Reading never raises, whatever came."""

from bot.domain.bulk import MOST_BYTES, Fault, Sheet, whole_fault
from bot.domain.bulk_lines import read_lines
from bot.domain.bulk_tables import looks_like_header, read_csv, read_json

FILE_TYPES = ("csv", "json", "tsv", "txt")

_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


def read_upload(name: str, content: bytes) -> Sheet:
    """Read a file: CSV, JSON, or text with names and lines.

    Args:
        name: With its ending, which decides where it is one of ours.
        content: In UTF-8, or in UTF-16 with its mark, as Excel's "Unicode text" is.
    """
    if len(content) > MOST_BYTES:
        return _refuse(
            whole_fault("This file is too large.", f"at most {MOST_BYTES:,} bytes", f"{len(content):,} bytes")
        )
    if not content.strip():
        return _refuse(whole_fault("This file is empty.", "a CSV file with a header, a JSON list, or names"))
    try:
        text = content.decode("utf-16" if content.startswith(_UTF_16) else "utf-8-sig")
    except UnicodeDecodeError as err:
        what = "This file is not in UTF-8: its letters cannot be told for sure."
        line = content[: err.start].count(b"\n") + 1
        expected = 'a file saved as "CSV UTF-8", or in an editor with the encoding UTF-8'
        return _refuse(whole_fault(what, expected, f"a byte {content[err.start]:#04x} in line {line}"))
    return _read(text, name.rpartition(".")[2].lower())


def read_pasted(text: str) -> Sheet:
    """Read what was pasted: names, patterns, lines of `npm trust`, or a table."""
    return _read(text.removeprefix("\ufeff"), "")


def _read(text: str, kind: str) -> Sheet:
    text = text.replace("\0", "")
    begin = text.lstrip()
    if kind == "json" or (kind not in {"csv", "tsv"} and _begins_json(begin)):
        return read_json(text)
    first = begin.partition("\n")[0].strip()
    if kind in {"csv", "tsv"} or looks_like_header(first) or first.lower().startswith("sep="):
        return read_csv(text)
    return read_lines(text)


def _begins_json(text: str) -> bool:
    """An object or a list; `[` alone may be a shell's test."""
    return text.startswith("{") or (text.startswith("[") and text[1:].lstrip()[:1] in {"{", '"', "]"})


def _refuse(fault: Fault) -> Sheet:
    return Sheet(faults=(fault,))
