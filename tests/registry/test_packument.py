import json
import tracemalloc
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.evidence import PackageFacts, read_packument
from bot.registry import RegistryMisbehaved
from bot.registry.packument import PackumentReader

AT_ONCE, PIECEMEAL = 1 << 20, 0
"""The buffer with which all is parsed at once, and the one with which nothing is."""


def read(body: bytes, *, buffer: int, piece: int = 7, limit: int = 1 << 30) -> PackageFacts | None:
    """Read a body in pieces; None when it is no packument."""
    reader = PackumentReader(buffer=buffer, limit=limit)
    try:
        for start in range(0, len(body), piece):
            reader.feed(body[start : start + piece])
        return reader.finish()
    except RegistryMisbehaved:
        return None


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
users = st.fixed_dictionaries(
    {"name": st.sampled_from(["otto-npm", "GitHub Actions"]) | anything},
    optional={
        "trustedPublisher": st.fixed_dictionaries(
            {}, optional={"id": st.sampled_from(["github", "gitlab"]) | anything, "oidcConfigId": anything}
        )
        | anything,
        "approver": st.fixed_dictionaries({"name": st.just("olga-npm")}) | anything,
    },
)
attested = st.fixed_dictionaries({"attestations": st.fixed_dictionaries({"provenance": anything}) | anything})
repositories = st.sampled_from(["git+https://github.com/acme/ui.git", {"url": "git@gitlab.com:a/b.git"}]) | anything
manifests = st.fixed_dictionaries(
    {},
    optional={
        "_npmUser": users | anything,
        "dist": attested | anything,
        "deprecated": st.just("old") | anything,
        "repository": repositories,
        "versions": anything,
        "readme": st.text(max_size=30),
    },
)
versions = st.sampled_from(["1.0.0", "1.1.0", "1.2.0-rc.1", "2.0.0", "0.9.9", "strange", ""])
moments = st.sampled_from(["2026-01-01T00:00:00.000Z", "2026-02-01T00:00:00Z", "2025-01-01", "never"]) | anything
packuments = st.fixed_dictionaries(
    {"name": st.just("@acme/ui")},
    optional={
        "versions": st.dictionaries(versions, manifests | anything, max_size=5) | anything,
        "time": st.dictionaries(versions, moments, max_size=6) | anything,
        "dist-tags": st.fixed_dictionaries({"latest": versions | anything}) | anything,
        "maintainers": st.lists(st.fixed_dictionaries({"name": st.just("otto-npm")}) | anything) | anything,
        "repository": repositories,
        "readme": anything,
        "users": st.dictionaries(versions, manifests, max_size=2),
    },
)


@given(packuments, st.permutations(["versions", "time", "name", "dist-tags", "users"]))
def test_a_packument_shows_the_same_however_it_is_read(document: Mapping[str, Any], order: list[str]) -> None:
    ordered = {key: document[key] for key in order if key in document} | dict(document)
    body = json.dumps(ordered, ensure_ascii=order[0] == "name").encode()
    expected = read_packument(document)
    assert read(body, buffer=AT_ONCE) == expected
    assert read(body, buffer=PIECEMEAL) == expected
    assert read(body, buffer=len(body) // 2, piece=64) == expected


@given(packuments, st.integers(0, 400), st.binary(max_size=2))
def test_a_damaged_packument_is_taken_or_refused_alike(document: Mapping[str, Any], place: int, damage: bytes) -> None:
    body = json.dumps(document).encode()
    damaged = body[:place] + damage + body[place + 1 :]
    assert read(damaged, buffer=AT_ONCE) == read(damaged, buffer=PIECEMEAL)


@given(packuments, st.integers(0, 400))
def test_half_a_packument_is_none(document: Mapping[str, Any], length: int) -> None:
    body = json.dumps(document).encode()
    half = body[: min(length, len(body) - 1)]
    assert read(half, buffer=AT_ONCE) is None
    assert read(half, buffer=PIECEMEAL) is None


USER = b'{"_npmUser":{"name":"otto-npm"}}'
ROBOT = b'{"_npmUser":{"name":"robot","trustedPublisher":{"id":"github","oidcConfigId":"oidc:1"}}}'


@pytest.mark.parametrize(
    ("body", "by"),
    [
        # Of two equal keys the last counts.
        (b'{"versions":{"1.0.0":%b,"1.0.0":%b}}' % (ROBOT, USER), "otto-npm"),
        (b'{"versions":{"1.0.0":%b},"versions":{"1.0.0":%b}}' % (ROBOT, USER), "otto-npm"),
        (b'{"versions":{"1.0.0":%b,"1.0.0":5}}' % ROBOT, ""),
        (b'{"versions":{"1.0.0":%b},"versions":[%b]}' % (ROBOT, ROBOT), ""),
        (b'{"versions":{"1.0.0":{"_npmUser":{"name":"a"},"_npmUser":{"name":"b"}}}}', "b"),
        # What lies elsewhere is none of it.
        (b'{"other":{"versions":{"1.0.0":%b}}}' % ROBOT, ""),
        (b'{"versions":{"1.0.0":[%b]}}' % ROBOT, ""),
        (b'{"versions":[[{"1.0.0":%b}]]}' % ROBOT, ""),
        (b'{"versions":{"1.0.0":{"other":%b}}}' % ROBOT, ""),
        # JavaScript writes half a surrogate, and numbers may have any size.
        (b'{"readme":"\\ud83d","versions":{"1.0.0":%b}}' % USER, "otto-npm"),
        (b'{"n":[1e999,-0.0,%b],"versions":{"1.0.0":%b}}' % (b"9" * 500, USER), "otto-npm"),
        (b'{"deep":%b1%b,"versions":{"1.0.0":%b}}' % (b"[" * 9000, b"]" * 9000, USER), "otto-npm"),
        (b' \r\n\t{ "versions" : { "1.0.0" : %b } } \n' % USER, "otto-npm"),
    ],
)
@pytest.mark.parametrize("buffer", [AT_ONCE, PIECEMEAL])
def test_odd_json_is_read_as_json_is(body: bytes, by: str, buffer: int) -> None:
    facts = read(body, buffer=buffer)
    assert facts is not None
    assert facts.evidence.by == by


NO_JSON = (b"", b" ", b"{} x", b"{}{}", b"\xef\xbb\xbf{}", b"<html>", b"\x1f\x8b\x08", b'{"a":1,}', b"{'a':1}")
NO_OBJECT = (b"null", b"7", b'"x"', b"[]", b"[{}]", b"[" * 100_000)
BAD_INSIDE = (b'{"a":"\xff"}', b'{"a":"\xed\xa0\x80"}', b'{"a":NaN}', b'{"a":"\n"}', b'{"a":' * 100_000)


@pytest.mark.parametrize("body", NO_JSON + NO_OBJECT + BAD_INSIDE)
@pytest.mark.parametrize("buffer", [AT_ONCE, PIECEMEAL])
def test_what_is_no_json_object_is_no_packument(body: bytes, buffer: int) -> None:
    assert read(body, buffer=buffer, piece=1000) is None


@pytest.mark.parametrize("buffer", [AT_ONCE, PIECEMEAL])
def test_a_packument_that_is_too_large_is_not_read_to_its_end(buffer: int) -> None:
    reader = PackumentReader(buffer=buffer, limit=1000)
    reader.feed(b'{"readme":"' + b"x" * 900)
    with pytest.raises(RegistryMisbehaved, match="too large"):
        reader.feed(b"x" * 100)


@pytest.mark.parametrize(
    ("head", "part", "times"),
    [
        (b'{"readme":"', b"x" * 65_536, 200),  # one text without an end
        (b'{"time":{"a":"b"', b',"1.0.0-%d":"2026-01-01T00:00:00.000Z"' * 200, 4000),  # a head of nothing but times
        (b'{"versions":{"a":{}', b',"%d":{}' * 2000, 100),  # nothing but versions
        (b'{"versions":{"a":{"dist":[[]', b",[[[]]]" * 2000, 200),  # one version of nothing but brackets
    ],
)
def test_memory_has_an_end_within_the_limit(head: bytes, part: bytes, times: int) -> None:
    reader = PackumentReader()
    reader.feed(head)
    with pytest.raises(RegistryMisbehaved, match="too large"):
        feed_again_and_again(reader, part, times)


def feed_again_and_again(reader: PackumentReader, part: bytes, times: int) -> None:
    for number in range(times):
        reader.feed(part.replace(b"%d", b"%d" % number))


def test_memory_does_not_grow_with_a_packument() -> None:
    manifest = {"_npmUser": {"name": "otto-npm"}, "dependencies": {"a": "1.0.0"}, "readme": "x" * 20_000}
    written = json.dumps(manifest).encode()
    reader = PackumentReader()
    tracemalloc.start()
    try:
        reader.feed(b'{"name":"pkg","dist-tags":{"latest":"1.999.0"},"versions":{')
        for number in range(1000):
            reader.feed(b'%b"1.%d.0":%b' % (b"," if number else b"", number, written))
        reader.feed(b"}}")
        facts = reader.finish()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (facts.evidence.version, facts.evidence.by) == ("1.999.0", "otto-npm")
    assert peak < 4_000_000  # of 20 MB
