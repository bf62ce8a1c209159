from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.registry.urls import LinkRules, encode_uri_component, parse_address

REGISTRY = "https://registry.example:8443/npm"
DONE = "https://registry.example:8443/-/v1/done?authId=1"
NPM = "https://www.npmjs.com/auth/cli/1"


def rules_for(registry: str) -> LinkRules:
    address = parse_address(registry)
    assert address is not None
    return LinkRules(address, frozenset({"www.npmjs.com", "login.example:8443", "127.0.0.1:4873", "[::1]:4873"}))


@pytest.mark.parametrize(
    "auth_url",
    [
        NPM,
        "https://www.npmjs.com",
        "https://www.npmjs.com:443/auth",
        "https://www.npmjs.com:/auth",
        "HTTPS://WWW.NPMJS.COM/auth",
        "https://login.example:8443/auth?a=b%20c#d",
        "http://127.0.0.1:4873/auth/cli/1",
        "http://[::1]:4873/auth",
        "https://www.npmjs.com/" + "a" * 1978,
    ],
)
def test_a_link_to_an_allowed_host_may_be_handed_on(auth_url: str) -> None:
    assert rules_for(REGISTRY).find_problem(auth_url, DONE) == ""


@pytest.mark.parametrize(
    "auth_url",
    [
        # another host
        "https://evil.example/www.npmjs.com",
        "https://www.npmjs.com.evil.example/",
        "https://npmjs.com/",
        "https://www.npmjs.com./",
        "https://www.npmjs.com%2eevil.example/",
        "https://www.npmjs.com:8443/",
        "https://login.example/",
        "http://127.0.0.1:4874/",
        "http://127.1:4873/",
        "https://evil.example?@www.npmjs.com/",
        "https://evil.example#@www.npmjs.com/",
        # user information
        "https://www.npmjs.com@evil.example/",
        "https://me@www.npmjs.com/",
        "https://me:secret@www.npmjs.com/",
        "https://@www.npmjs.com/",
        # no encryption
        "http://www.npmjs.com/",
        "http://login.example:8443/",
        # read one way by Python, another way by a browser or by Slack
        "https://evil.example\\@www.npmjs.com/",
        "https://www.npmjs.com\\.evil.example/",
        "https://www.npmjs.com/\n",
        "\thttps://www.npmjs.com/",
        "https://www.npmjs.com/ a",
        "https://www.npmjs.com/|click>",
        "https://www.npmjs.com/<!channel>",
        "https://www.npmjs.com/`x`",
        "https://www.npmjs。com/",
        "https://www.npmjs.com/\u202egpj",
        # no web address
        "",
        "www.npmjs.com/auth",
        "//www.npmjs.com/auth",
        "https:/www.npmjs.com/auth",
        "https:///www.npmjs.com/auth",
        "javascript:alert(1)",
        "ftp://www.npmjs.com/",
        "https://",
        "https://[::1/",
        "https://www.npmjs.com:99999/",
        "https://www.npmjs.com:a/",
        "https://www.npmjs.com/" + "a" * 2000,
    ],
)
def test_any_other_link_is_refused_with_a_reason(auth_url: str) -> None:
    assert rules_for(REGISTRY).find_problem(auth_url, DONE).startswith("npm's link ")


@pytest.mark.parametrize(
    "done_url",
    [
        "https://registry.example/-/v1/done",
        "http://registry.example:8443/-/v1/done",
        "https://other.example:8443/-/v1/done",
        "https://registry.example:8443@evil.example/",
        "https://me@registry.example:8443/",
        "https://registry.example:8443\\@evil.example/",
        "/-/v1/done",
        "",
    ],
)
def test_the_result_is_asked_for_at_the_registry_only(done_url: str) -> None:
    rules = rules_for(REGISTRY)
    assert not rules.is_own(done_url)
    assert rules.find_problem(NPM, done_url) == (
        "npm wants us to ask for the result at another server than the registry"
    )


@pytest.mark.parametrize(
    ("registry", "done_url"),
    [
        ("https://registry.example", "https://registry.example:443/done"),
        ("https://registry.example:443", "https://REGISTRY.example/done"),
        ("http://127.0.0.1:4873", "http://127.0.0.1:4873/done"),
    ],
)
def test_an_origin_may_be_written_in_several_ways(registry: str, done_url: str) -> None:
    assert rules_for(registry).is_own(done_url)


@pytest.mark.parametrize(
    ("url", "loopback"),
    [
        ("http://127.0.0.1", True),
        ("http://127.8.9.1:80", True),
        ("http://localhost:1", True),
        ("http://[::1]", True),
        ("http://localhost.evil.example", False),
        ("http://128.0.0.1", False),
        ("http://0.0.0.0", False),
    ],
)
def test_loopback_is_known_by_its_address(url: str, *, loopback: bool) -> None:
    address = parse_address(url)
    assert address is not None
    assert address.is_loopback is loopback


@given(st.text())
def test_an_encoded_text_is_one_part_of_a_path(text: str) -> None:
    encoded = encode_uri_component(text)
    assert unquote(encoded) == text
    assert not set(encoded) - set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.!~*'()%")


@given(st.text() | st.text(alphabet="htps:/.@[]\\#?%www.npmjs.com0"))
def test_any_text_can_be_checked(text: str) -> None:
    rules_for(REGISTRY).find_problem(text, text)
