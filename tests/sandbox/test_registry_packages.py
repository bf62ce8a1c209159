import time
from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import pytest

from bot.domain.evidence import BreakKind, EvidenceKind, PackageFacts
from bot.domain.provenance import Provenance
from bot.registry import Found, NotFound, NotModified, PackageRead, RegistryClient, RegistryMisbehaved
from bot.sandbox.cast import SeedPackage
from bot.sandbox.releases import Source, Spoil
from tests.sandbox.registry_world import RegistryWorld

pytestmark = pytest.mark.anyio

UI = "@acme/ui"
CORE = "@acme/core"


@pytest.fixture
async def client(world: RegistryWorld) -> AsyncIterator[RegistryClient]:
    client = RegistryClient(world.registry.url, auth_hosts=frozenset(), clock=world.clock, version="1.2.3")
    yield client
    await client.close()


def facts_of(answer: PackageRead) -> PackageFacts:
    assert isinstance(answer, Found)
    return answer.facts


def configuration_of(world: RegistryWorld, name: str) -> str:
    return str(world.registry.configurations(name)[0]["id"])


async def test_a_version_comes_by_hand_or_through_a_configuration(world: RegistryWorld, client: RegistryClient) -> None:
    configuration = world.registry.add_configuration(
        UI, "github", {"repository": "acme/ui", "workflow_ref": {"file": "publish.yml"}}
    )
    world.registry.publish(UI, "2.0.0", through=configuration)
    evidence = facts_of(await client.read_package(UI)).evidence
    assert (evidence.kind, evidence.version) == (EvidenceKind.TRUSTED, "2.0.0")
    assert (evidence.provider, evidence.configuration_id, evidence.since) == (
        "github",
        configuration,
        world.clock.now(),
    )
    built = await client.load_provenance(UI, "2.0.0")
    assert built == Provenance(
        repository_host="github.com", repository="acme/ui", file="publish.yml", ref="refs/heads/main"
    )

    world.clock.advance(days=1)
    world.registry.publish(UI, "2.0.1", by="olga-npm")
    facts = facts_of(await client.read_package(UI))
    assert (facts.evidence.kind, facts.evidence.by) == (EvidenceKind.DOWNGRADED, "olga-npm")
    assert [(found.kind, found.version, found.by) for found in facts.breaks] == [(BreakKind.LOST, "2.0.1", "olga-npm")]
    assert await client.load_provenance(UI, "2.0.1") is None


async def test_a_staged_version_has_its_approver(world: RegistryWorld, client: RegistryClient) -> None:
    world.registry.publish(CORE, "2.0.0", through=configuration_of(world, CORE), by="otto-npm")
    evidence = facts_of(await client.read_package(CORE)).evidence
    assert (evidence.kind, evidence.by) == (EvidenceKind.TRUSTED, "otto-npm")


async def test_where_a_version_was_built_can_be_said(world: RegistryWorld, client: RegistryClient) -> None:
    core = configuration_of(world, CORE)
    world.registry.publish(CORE, "2.0.0", through=core, provenance=False)
    world.registry.publish(CORE, "2.0.1", through=core, provenance=Source("evil/core", "ci.yml", "refs/tags/v1"))
    world.registry.publish(UI, "2.0.0", provenance=True)
    gitlab = world.registry.add_configuration(
        UI, "gitlab", {"project_path": "acme/group/ui", "ci_config_ref_uri": {"file": ".gitlab-ci.yml"}}
    )
    world.registry.publish(UI, "2.0.1", through=gitlab)
    assert await client.load_provenance(CORE, "2.0.0") is None
    built = [await client.load_provenance(*which) for which in ((CORE, "2.0.1"), (UI, "2.0.0"), (UI, "2.0.1"))]
    assert [(of.repository_host, of.repository, of.file) for of in built if of] == [
        ("github.com", "evil/core", "ci.yml"),
        ("github.com", "acme/ui", "release.yml"),
        ("gitlab.com", "acme/group/ui", ".gitlab-ci.yml"),
    ]
    for spec in ("@acme/core@2.0.1", "@acme%2fcore@2.0.1", "%40acme%2Fcore@2.0.1"):
        assert (await world.call("GET", f"/-/npm/v1/attestations/{spec}")).status == 200
    for spec in ("@acme/core@9.9.9", "@acme/core", "nothing@1.0.0", "@acme/secret@1.0.0"):
        assert (await world.call("GET", f"/-/npm/v1/attestations/{spec}")).status == 404


async def test_a_prerelease_is_not_what_npm_installs(world: RegistryWorld) -> None:
    world.registry.publish(UI, "2.0.0-rc.1")
    world.registry.publish(UI, "1.0.1", at=world.clock.now() - timedelta(days=90), tag="old")
    packument = (await world.call("GET", "/@acme%2fui")).json
    assert packument["dist-tags"] == {"latest": "1.1.0", "next": "2.0.0-rc.1", "old": "1.0.1"}
    assert packument["time"]["1.0.1"] == "2026-08-25T14:00:00.000Z"


async def test_a_version_cannot_come_twice_or_through_what_is_unknown(world: RegistryWorld) -> None:
    with pytest.raises(ValueError, match=r"has a version 1\.1\.0"):
        world.registry.publish(UI, "1.1.0")
    with pytest.raises(LookupError, match="has no configuration"):
        world.registry.publish(UI, "3.0.0", through="unknown")
    with pytest.raises(LookupError):
        world.registry.publish("nothing", "1.0.0")


async def test_versions_are_taken_back_one_by_one_or_all(world: RegistryWorld, client: RegistryClient) -> None:
    world.registry.unpublish(UI, "1.1.0")
    packument = (await world.call("GET", "/@acme%2fui")).json
    assert (list(packument["versions"]), packument["dist-tags"]) == (["1.0.0"], {"latest": "1.0.0"})
    assert "1.1.0" in packument["time"]
    world.registry.unpublish(UI)
    facts = facts_of(await client.read_package(UI))
    assert (facts.evidence.kind, facts.maintainers[0]) == (EvidenceKind.UNPUBLISHED, "otto-npm")
    world.registry.publish(UI, "3.0.0")
    assert facts_of(await client.read_package(UI)).evidence.version == "3.0.0"


async def test_the_etag_changes_with_the_packument_and_only_then(world: RegistryWorld, client: RegistryClient) -> None:
    etag = ""

    async def changed() -> bool:
        nonlocal etag
        answer = await client.read_package(UI, etag=etag)
        etag = answer.etag if isinstance(answer, Found) else etag
        return not isinstance(answer, NotModified)

    def mirror() -> None:
        world.registry.is_mirror = True

    assert [await changed(), await changed()] == [True, False]
    world.clock.advance(days=1)
    world.registry.publish(CORE, "2.0.0")
    world.registry.add_configuration(UI, "github", {"repository": "acme/ui", "workflow_ref": {"file": "a.yml"}})
    assert not await changed()
    changes: list[Callable[[], None]] = [
        lambda: world.registry.publish(UI, "2.0.0"),
        lambda: world.registry.unpublish(UI, "2.0.0"),
        lambda: world.registry.deprecate(UI),
        lambda: world.registry.spoil(UI, Spoil.NO_TIME),
        lambda: world.registry.mend(UI),
        lambda: world.registry.enlarge(UI, versions=1, padding=0),
        lambda: world.registry.unpublish(UI),
        lambda: world.registry.add_package(SeedPackage(UI, ("olga-npm",), "acme/ui")),
        mirror,
    ]
    for change in changes:
        change()
        assert [await changed(), await changed()] == [True, False]
    assert facts_of(await client.read_package(UI)).maintainers == ("olga-npm",)
    abbreviated = {"accept": "application/vnd.npm.install-v1+json", "if-none-match": etag}
    assert (await world.call("GET", "/@acme%2fui", headers=abbreviated)).status == 200


async def test_a_deprecated_package_is_seen_as_one(world: RegistryWorld, client: RegistryClient) -> None:
    world.registry.deprecate(UI)
    world.registry.publish(UI, "2.0.0")
    assert facts_of(await client.read_package(UI)).deprecated


async def test_a_mirror_shows_nobody(world: RegistryWorld, client: RegistryClient) -> None:
    world.registry.is_mirror = True
    assert facts_of(await client.read_package(CORE)).evidence.kind is EvidenceKind.NOT_VISIBLE
    assert await client.load_provenance(CORE, "1.1.0") is None
    world.registry.is_mirror = False
    assert facts_of(await client.read_package(CORE)).evidence.kind is EvidenceKind.TRUSTED


@pytest.mark.parametrize(
    ("spoil", "status"),
    [(Spoil.MISSING, 404), (Spoil.BLOCKED, 451), (Spoil.HTML, 0), (Spoil.HALF, 0), (Spoil.LIST, 0)],
)
async def test_a_package_that_is_spoiled_cannot_be_read_until_it_is_mended(
    world: RegistryWorld, client: RegistryClient, spoil: Spoil, status: int
) -> None:
    world.registry.spoil(UI, spoil)
    try:
        answer = await client.read_package(UI)
    except RegistryMisbehaved:
        answer = NotFound(0, "")
    assert isinstance(answer, NotFound)
    assert answer.status == status
    world.registry.mend(UI)
    assert facts_of(await client.read_package(UI)).name == UI


@pytest.mark.parametrize(
    ("spoil", "kind"),
    [
        (Spoil.NO_TIME, EvidenceKind.TRUSTED),
        (Spoil.NO_VERSIONS, EvidenceKind.UNPUBLISHED),
        (Spoil.NO_USER, EvidenceKind.NOT_VISIBLE),
    ],
)
async def test_a_packument_may_lack_parts(
    world: RegistryWorld, client: RegistryClient, spoil: Spoil, kind: EvidenceKind
) -> None:
    world.registry.enlarge(CORE, versions=1, padding=0)
    world.registry.spoil(CORE, spoil)
    facts = facts_of(await client.read_package(CORE))
    assert facts.evidence.kind is kind
    assert (facts.last_publish is None) is (spoil in {Spoil.NO_TIME, Spoil.NO_VERSIONS})


async def test_a_large_packument_is_made_while_it_is_sent(world: RegistryWorld, client: RegistryClient) -> None:
    world.registry.enlarge(CORE, versions=500, padding=10_000)
    answer = await world.call("GET", "/@acme%2fcore")
    assert len(answer.text) > 5_000_000
    assert list(answer.json)[:2] == ["_id", "name"]
    assert len(answer.json["versions"]) == 502
    assert set(answer.json["versions"]) < set(answer.json["time"])
    evidence = facts_of(await client.read_package(CORE)).evidence
    assert (evidence.kind, evidence.version) == (EvidenceKind.TRUSTED, "1.1.0")


async def test_calls_are_counted_and_can_be_slow(world: RegistryWorld, client: RegistryClient) -> None:
    world.registry.latency = 0.05
    before = time.monotonic()
    etag = (await client.read_package(UI)).etag  # type: ignore[union-attr]
    assert time.monotonic() - before >= 0.05
    world.registry.latency = 0
    await client.read_package(UI, etag=etag)
    await client.read_package(CORE)
    assert world.registry.count_calls("/@acme%2fui") == 2
    assert world.registry.count_calls("/@acme%2fui", status=304) == 1
    assert world.registry.count_calls() == 3
    assert world.registry.count_calls(method="POST") == 0
    assert world.registry.most_at_once == 1
