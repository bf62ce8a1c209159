"""What public data shows of trusted publishing."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.evidence import Evidence, EvidenceKind, VersionSeen, read_package, read_packument, read_version

PROVENANCE = {"dist": {"attestations": {"provenance": {"predicateType": "https://slsa.dev/provenance/v1"}}}}
BY_HAND: dict[str, Any] = {"_npmUser": {"name": "otto-npm"}}
WITH_TOKEN = BY_HAND | PROVENANCE
TRUSTED: dict[str, Any] = {
    "_npmUser": {"name": "GitHub Actions", "trustedPublisher": {"id": "github", "oidcConfigId": "oidc:9061ef30"}}
}
STAGED: dict[str, Any] = {"_npmUser": TRUSTED["_npmUser"] | {"approver": {"name": "olga-npm"}}}


def day(number: int) -> datetime:
    return datetime(2026, 1, number, tzinfo=UTC)


def packument(*versions: tuple[str, dict[str, Any]], latest: str = "") -> dict[str, Any]:
    """Versions come a day after the other, in the order given."""
    return {
        "name": "@acme/ui",
        "dist-tags": {"latest": latest or versions[-1][0]},
        "versions": dict(versions),
        "time": {version: f"2026-01-{number:02}T00:00:00.000Z" for number, (version, _) in enumerate(versions, 1)},
    }


def evidence_of(*versions: tuple[str, dict[str, Any]], latest: str = "") -> Evidence:
    return read_packument(packument(*versions, latest=latest)).evidence


def test_the_newest_trusted_version_shows_since_when() -> None:
    evidence = evidence_of(
        ("1.0.0", TRUSTED), ("1.0.1", BY_HAND), ("1.1.0", TRUSTED), ("1.2.0", TRUSTED), ("1.10.0", STAGED)
    )
    assert evidence == Evidence(
        kind=EvidenceKind.TRUSTED,
        provider="github",
        configuration_id="9061ef30",
        since=day(3),
        version="1.10.0",
        by="olga-npm",
    )


def test_a_newest_version_by_hand_after_a_trusted_one_is_a_downgrade() -> None:
    assert evidence_of(("1.14.0", TRUSTED), ("1.14.1", BY_HAND)) == Evidence(
        kind=EvidenceKind.DOWNGRADED,
        provider="github",
        configuration_id="9061ef30",
        since=day(2),
        version="1.14.1",
        by="otto-npm",
    )


@pytest.mark.parametrize(
    ("versions", "latest", "kind"),
    [
        ([("1.0.0", TRUSTED)], "", "trusted"),
        ([("1.0.0", BY_HAND)], "", "none"),
        ([("1.0.0", WITH_TOKEN)], "", "provenance only"),
        ([("1.0.0", WITH_TOKEN), ("1.0.1", BY_HAND)], "", "none"),
        ([("1.0.0", TRUSTED), ("1.0.1", WITH_TOKEN)], "", "downgraded"),
        ([("1.0.0", BY_HAND), ("2.0.0", TRUSTED)], "", "trusted"),
        ([("1.0.0", TRUSTED), ("2.0.0", BY_HAND)], "", "downgraded"),
        # newest is by time, not by number
        ([("1.1.0", BY_HAND), ("1.0.0", TRUSTED)], "1.1.0", "trusted"),
        # prereleases apart
        ([("1.0.0", TRUSTED), ("1.1.0-rc.1", BY_HAND)], "1.0.0", "trusted"),
        ([("1.0.0-rc.1", TRUSTED), ("1.0.0", BY_HAND)], "", "none"),
        ([("1.0.0-rc.1", TRUSTED), ("1.0.0-rc.2", BY_HAND)], "", "downgraded"),
        # older lines apart
        ([("2.0.0", TRUSTED), ("1.9.1", BY_HAND)], "2.0.0", "trusted"),
        ([("2.0.0", BY_HAND), ("1.9.1", TRUSTED)], "2.0.0", "none"),
        # what npm installs says which line it is
        ([("1.0.0", TRUSTED), ("2.0.0", BY_HAND)], "1.0.0", "trusted"),
        ([("1.0.0", TRUSTED), ("2.0.0", BY_HAND)], "gone", "downgraded"),
        # versions that are no version numbers
        ([("nonsense", TRUSTED)], "", "trusted"),
        # a mirror that drops the fields
        ([("1.0.0", {}), ("1.0.1", PROVENANCE)], "", "not visible here"),
        ([("1.0.0", {"_npmUser": "otto-npm"})], "", "not visible here"),
    ],
)
def test_the_newest_version_decides(versions: list[tuple[str, dict[str, Any]]], latest: str, kind: str) -> None:
    assert evidence_of(*versions, latest=latest).kind == kind


def test_without_versions_a_package_is_unpublished() -> None:
    facts = read_packument({"name": "@acme/ui", "time": {"unpublished": {"time": "2026-01-01T00:00:00Z"}}})
    assert facts.evidence == Evidence(kind=EvidenceKind.UNPUBLISHED)
    assert (facts.latest, facts.last_publish, facts.deprecated) == ("", None, False)


def test_without_times_the_highest_number_is_the_newest() -> None:
    document = packument(("1.10.0", TRUSTED), ("1.9.0", BY_HAND)) | {"time": {}}
    facts = read_packument(document)
    assert facts.evidence == Evidence(
        kind=EvidenceKind.TRUSTED, provider="github", configuration_id="9061ef30", version="1.10.0", by="GitHub Actions"
    )
    assert facts.last_publish is None


def test_a_packument_tells_the_facts_of_a_package() -> None:
    document = packument(("1.0.0", BY_HAND), ("1.0.1", BY_HAND | {"deprecated": "use @acme/new"})) | {
        "maintainers": [{"name": "otto-npm", "email": "o@acme.example"}, "olga-npm <olga@acme.example>", "otto-npm", 7],
        "repository": {"type": "git", "url": "git+https://github.com/acme/ui.git"},
    }
    facts = read_packument(document, private=True)
    assert facts.name == "@acme/ui"
    assert facts.maintainers == ("otto-npm", "olga-npm")
    assert (facts.repository_host, facts.repository) == ("github.com", "acme/ui")
    assert (facts.latest, facts.last_publish, facts.deprecated, facts.private) == ("1.0.1", day(2), True, True)


@pytest.mark.parametrize(
    ("repository", "host", "path"),
    [
        ("gitlab:acme/web/ui", "gitlab.com", "acme/web/ui"),
        ({"url": "git@github.com:acme/ui.git"}, "github.com", "acme/ui"),
        ({"url": "nonsense"}, "", ""),
        ({"url": 7}, "", ""),
        (None, "", ""),
    ],
)
def test_the_repository_may_stand_in_the_latest_version_in_any_form(repository: object, host: str, path: str) -> None:
    facts = read_packument(packument(("1.0.0", BY_HAND | {"repository": repository})))
    assert (facts.repository_host, facts.repository) == (host, path)


@pytest.mark.parametrize("time", ["yesterday", 7, None, "0001-01-01T00:00:00+14:00"])
def test_a_time_that_is_none_is_no_time(time: object) -> None:
    assert read_packument(packument(("1.0.0", BY_HAND)) | {"time": {"1.0.0": time}}).last_publish is None


def test_a_time_without_a_zone_is_in_utc() -> None:
    document = packument(("1.0.0", BY_HAND)) | {"time": {"1.0.0": "2026-01-07T00:00:00"}}
    assert read_packument(document).last_publish == day(7)


def test_a_manifest_becomes_a_small_record() -> None:
    manifest = STAGED | PROVENANCE | {"deprecated": "use @acme/new", "repository": {"url": "acme/ui"}, "readme": "…"}
    assert read_version("1.0.0", manifest) == VersionSeen(
        "1.0.0",
        by="olga-npm",
        trusted=True,
        provider="github",
        configuration_id="9061ef30",
        provenance=True,
        has_user=True,
        deprecated=True,
        repository="acme/ui",
    )
    assert read_version("1.0.0", {}) == VersionSeen("1.0.0")


@given(st.permutations(["1.0.0", "1.0.1", "1.1.0-rc.1", "2.0.0"]), st.data())
def test_a_packument_that_comes_in_parts_is_the_same(order: list[str], data: st.DataObject) -> None:
    manifests = {version: data.draw(st.sampled_from([TRUSTED, STAGED, BY_HAND, WITH_TOKEN, {}])) for version in order}
    document = packument(*manifests.items()) | {"repository": "github:acme/ui"}
    head = {key: value for key, value in document.items() if key != "versions"}
    parts = (read_version(version, manifest) for version, manifest in reversed(manifests.items()))
    assert read_package(head, parts) == read_packument(document)


def test_a_version_that_comes_twice_counts_once() -> None:
    seen = [VersionSeen("1.0.0", has_user=True), VersionSeen("1.0.0", trusted=True, has_user=True)]
    assert read_package({}, seen).evidence.kind is EvidenceKind.TRUSTED


def test_what_no_database_can_hold_is_left_out_of_texts() -> None:
    bad = "\x00\ud800"
    document = packument((f"1.0.0{bad}", {"_npmUser": {"name": f"otto{bad}-npm"}}), latest="1.0.0") | {
        "name": f"@acme/{bad}ui",
        "maintainers": [f"otto{bad}-npm <o@acme.example>"],
    }
    facts = read_packument(document)
    assert (facts.name, facts.maintainers, facts.evidence.version) == ("@acme/ui", ("otto-npm",), "1.0.0")
    assert facts.evidence.by == "otto-npm"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(["1.0.0", "2026-01-01"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
KEYS = ("name", "maintainers", "repository", "dist-tags", "versions", "time", "_npmUser", "trustedPublisher", "1.0.0")


@settings(deadline=None)
@given(st.recursive(JSON, lambda inner: st.dictionaries(st.sampled_from(KEYS), inner), max_leaves=12))
def test_parts_of_any_type_are_read_without_complaint(part: object) -> None:
    for key in KEYS:
        read_packument({key: part})
        read_packument({"versions": {"1.0.0": {key: part}}, "dist-tags": {"latest": "1.0.0"}})
