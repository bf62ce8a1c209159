"""Addresses of repositories in all the forms that people and package.json write."""

import re
from collections.abc import Callable
from typing import NamedTuple


class Repository(NamedTuple):
    """Where source code lives."""

    host: str
    """`github.com`, in lower case, without a port."""
    path: str
    """`owner/repo`, or `group/subgroup/project`: as written, without `.git`."""


_SHORTHANDS = {"github": "github.com", "gitlab": "gitlab.com", "bitbucket": "bitbucket.org"}
_PATH = r"(?P<path>[^/?#\s]+(?:/[^/?#\s]+)+)/?(?:[?#]\S*)?"
_FORMS = tuple(
    re.compile(form)
    for form in (
        rf"(?P<short>github|gitlab|bitbucket):{_PATH}",
        rf"(?:git\+)?[a-z]+://(?:[^@/?#\s]*@)?(?:www\.)?(?P<host>[^/:?#@\s]+)(?::\d*)?[/:]+{_PATH}",
        rf"[^@/:?#\s]+@(?P<host>[^/:?#@\s]+):/*{_PATH}",
        rf"(?:www\.)?(?P<host>github\.com|gitlab\.com|bitbucket\.org)/{_PATH}",
    )
)
_PLAIN = re.compile(_PATH)
_TWO_PARTS = frozenset({"github.com", "bitbucket.org"})
"""Hosts where a path has an owner and a name, and what follows is a page of the repository."""


def read_address(text: str) -> Repository | None:
    """Read an address that says its host; None when it does not, as `acme/ui`, or is no address."""
    for form in _FORMS:
        if match := form.fullmatch(text):
            groups = match.groupdict()
            host = groups.get("host") or _SHORTHANDS[groups["short"]]
            return _tidy(host.lower(), groups["path"])
    return None


def read_repository(text: str) -> Repository | None:
    """Read the `repository` of a package.json, where `acme/ui` alone means GitHub."""
    if address := read_address(text):
        return address
    plain = _PLAIN.fullmatch(text)
    return _tidy("github.com", plain["path"]) if plain and text.count("/") == 1 else None


def path_at(host: str) -> Callable[[str], str]:
    """Make the function that turns an address at this host into `owner/repo`, and leaves anything else as it is."""

    def read_path(text: str) -> str:
        text = text.strip()
        address = read_address(text)
        return address.path if address and address.host == host else text.removesuffix(".git")

    return read_path


def without_host(text: str) -> str:
    """Turn an address at any host into `owner/repo`, and leave anything else as it is."""
    address = read_address(text.strip())
    return address.path if address else text.strip().removesuffix(".git")


def _tidy(host: str, path: str) -> Repository:
    path = path.partition("/-/")[0]  # GitLab's own pages of a project
    if host in _TWO_PARTS:
        path = "/".join(path.split("/")[:2])
    return Repository(host, path.removesuffix(".git"))
