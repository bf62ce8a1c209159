"""One-time passwords and tokens in a line: taken out before anything is stored."""

import re

MARKER = "SECRET-TAKEN-OUT"
"""Stands where a secret was. A line that holds it is refused."""

_INVISIBLE = re.compile(r"[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_DASHES = r"[-\u2010-\u2015\u2212]{1,4}"
_QUOTES = r"\"'`\u2018-\u201f"
_NAMES = r"(?:otp|token|auth[-_]?token|_auth(?:token)?|_?password)"
_VALUE = rf"(?:[{_QUOTES}][^{_QUOTES}]*(?:[{_QUOTES}]\S*|$)|\d[\d\s]*\d(?!\S)|(?!{_DASHES})\S+)"
_NAMED = re.compile(
    rf"(?P<keep>{_DASHES}{_NAMES}(?:\s*=\s*|\s+)|\b\w*(?:otp|token|_auth|_password)\s*=\s*){_VALUE}", re.IGNORECASE
)
"""`--otp 123 456`, `--token=…`, `npm_config_otp=…`, `//host/:_authToken=…`."""
_BARE = re.compile(
    r"npm_[a-z0-9]{20,}|xox[a-z]-[a-z0-9-]{8,}|xapp-[a-z0-9-]{8,}|gh[opsur]_[a-z0-9]{20,}|github_pat_\w{20,}"
    rf"|glpat-[\w-]{{16,}}|\bbearer\s+(?!\S*{MARKER})[\w.~+/=-]{{16,}}",
    re.IGNORECASE,
)
"""Tokens that are known by their looks: npm's, Slack's, GitHub's, GitLab's, and what follows `Bearer`."""
_SECRET_FLAG = re.compile(rf"{_DASHES}{_NAMES}(?:=.*)?", re.IGNORECASE | re.DOTALL)


def strip_secrets(text: str) -> tuple[str, bool]:
    """Take one-time passwords and tokens out of a line, and tell whether there were any.

    A marker stays, so that the parser refuses the line and says why, whenever it comes to it.
    """
    visible = _INVISIBLE.sub("", text)
    stripped = _BARE.sub(MARKER, _NAMED.sub(rf"\g<keep>{MARKER}", visible))
    return stripped, stripped != visible


def is_secret(word: str) -> bool:
    """Tell whether a word of a stripped line is what is left of a secret, or asks for one."""
    return MARKER in word or _SECRET_FLAG.fullmatch(word) is not None
