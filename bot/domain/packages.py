"""Names of packages: npm's own rules for packages that exist already (npm-trust 7.2), and nothing but a name."""

import re
from typing import NewType

from bot.domain.mistakes import Mistake

PackageName = NewType("PackageName", str)
"""A name that npm takes for an existing package, with its capitals: `@acme/ui`."""

_URL_FRIENDLY = r"[A-Za-z0-9\-_.!~*'()]+"
"""What JavaScript's encodeURIComponent leaves alone, which is npm's test."""
_NAME = re.compile(rf"(?:@{_URL_FRIENDLY}/(?!\.)|(?![.\-_])){_URL_FRIENDLY}")
_RESERVED = frozenset({"node_modules", "favicon.ico"})

_REFUSED = (
    (re.compile(r"!.*|.*\*.*", re.DOTALL), "No pattern can stand here: name each package."),
    (
        re.compile(r".*<.*", re.DOTALL),
        "This holds a mention of Slack's. Backticks around the name keep Slack from making one.",
    ),
    (
        re.compile(r"(?:https?://)?(?:www\.)?npmjs\.com/package/(?P<near>(?:@[^/?#]+/)?[^/?#]+).*", re.DOTALL),
        "This is the address of a package, not its name.",
    ),
    (re.compile(r"(?P<near>@?[^@]+)@[^@]*"), "Trust is given for a package, not for one version of it."),
)
"""What people write in place of a name; `near` is the name in it."""


def parse_package(text: str) -> PackageName | Mistake:
    """Read one name as it was written. Patterns, versions, addresses and Slack's mentions are no names."""
    if not text:
        return _refuse(text, "Package name must be specified.")
    for form, what in _REFUSED:
        if match := form.fullmatch(text):
            return _refuse(text, what, match.groupdict().get("near", ""))
    if _is_name(text):
        return PackageName(text)
    return _refuse(text, "npm has no packages with such a name.", f"@{text}" if "/" in text else "")


def escape_package(name: str) -> str:
    """Write a name as npm's paths have it: the first slash as `%2f`, in lower case, and nothing else changed."""
    return name.replace("/", "%2f", 1)


def scope_of(name: str) -> str:
    """Tell the scope of a name with its at-sign, `@acme`; empty when it has none."""
    scope, slash, _ = name.partition("/")
    return scope if slash else ""


def _is_name(text: str) -> bool:
    return _NAME.fullmatch(text) is not None and text.lower() not in _RESERVED


def _refuse(text: str, what: str, near: str = "") -> Mistake:
    return Mistake(
        what=what,
        expected="a package name such as @acme/ui",
        got=text,
        suggestion=near if _is_name(near) else "",
        field="package",
    )
