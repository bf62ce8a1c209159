"""Reading the values that buttons carry: Slack gives back what it was sent, but anybody may have written it."""


def read_row_id(text: str) -> int | None:
    """Read the id of a row; None for what no database can have given."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None  # noqa: PLR2004 - 64 bits
