"""Addresses of repositories."""

import pytest

from bot.domain.repositories import path_at, read_repository, without_host


@pytest.mark.parametrize(
    ("text", "host", "path"),
    [
        # package.json's shorthands
        ("acme/ui", "github.com", "acme/ui"),
        ("github:acme/ui", "github.com", "acme/ui"),
        ("gitlab:acme/web/ui", "gitlab.com", "acme/web/ui"),
        ("bitbucket:acme/ui", "bitbucket.org", "acme/ui"),
        # addresses
        ("https://github.com/acme/ui", "github.com", "acme/ui"),
        ("https://GitHub.com/Acme/UI/", "github.com", "Acme/UI"),
        ("https://www.github.com/acme/ui", "github.com", "acme/ui"),
        ("github.com/acme/ui", "github.com", "acme/ui"),
        ("git+https://github.com/acme/ui.git", "github.com", "acme/ui"),
        ("git+https://user:secret@github.com/acme/ui.git", "github.com", "acme/ui"),
        ("git://github.com/acme/ui.git#main", "github.com", "acme/ui"),
        ("git+ssh://git@github.com/acme/ui.git", "github.com", "acme/ui"),
        ("ssh://git@gitlab.com:2222/acme/web/ui.git", "gitlab.com", "acme/web/ui"),
        ("ssh://git@github.com:acme/ui.git", "github.com", "acme/ui"),
        ("git@github.com:acme/ui.git", "github.com", "acme/ui"),
        # pages of a repository
        ("https://github.com/acme/ui/tree/main/packages/button", "github.com", "acme/ui"),
        ("https://github.com/acme/ui/blob/HEAD/x.js?raw=1#L3", "github.com", "acme/ui"),
        ("https://gitlab.com/acme/web/ui/-/tree/main", "gitlab.com", "acme/web/ui"),
        # elsewhere
        ("https://git.acme.example/web/ui.git", "git.acme.example", "web/ui"),
    ],
)
def test_every_form_of_an_address_gives_host_and_path(text: str, host: str, path: str) -> None:
    assert read_repository(text) == (host, path)


@pytest.mark.parametrize(
    "text", ["", "ui", "a/b/c", "/", "acme/", "gist:1234", "https://github.com", "https://github.com/acme", "a b/c"]
)
def test_what_is_no_repository_gives_nothing(text: str) -> None:
    assert read_repository(text) is None


@pytest.mark.parametrize(
    ("text", "path"),
    [
        (" https://github.com/acme/ui ", "acme/ui"),
        ("acme/ui.git", "acme/ui"),
        ("acme/ui", "acme/ui"),
        # another host is not dropped in silence
        ("https://gitlab.com/acme/ui", "https://gitlab.com/acme/ui"),
        ("nonsense", "nonsense"),
    ],
)
def test_only_addresses_at_the_host_lose_it(text: str, path: str) -> None:
    assert path_at("github.com")(text) == path


def test_any_address_can_lose_its_host() -> None:
    assert without_host("https://gitlab.com/acme/ui") == "acme/ui"
    assert without_host(" acme/ui.git ") == "acme/ui"
