"""What somebody could do to coverage, digests and alarms who means no good, and what happens when much does at once."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.sandbox.cast import GENERAL, RELEASES, SeedPackage
from bot.sandbox.world import World
from bot.workflow import digests, scan
from bot.workflow.scan import LANE, MOST_AT_ONCE
from storage.coverage_models import PackageRow
from storage.store import Store
from tests.scenarios import stored
from tests.scenarios.asking import people
from tests.scenarios.test_alarms import alarms_in
from tests.scenarios.test_digest import MONDAY, digests_in, until, value_of, watch

pytestmark = pytest.mark.anyio

HERE, ELSEWHERE = GENERAL[0], RELEASES[0]
NOT_MINE = "This button is not one of mine"


async def test_no_button_and_no_list_tells_a_name_that_was_said_elsewhere(world: World) -> None:
    rita, otto, _, sam = people(world)
    await otto.says("coverage @acme/secret @acme/ui", "dm")
    world.slack.channels[ELSEWHERE].is_private = True
    world.slack.channels[ELSEWHERE].members.discard(sam.id)
    await rita.says("watch @hidden/skunkworks --channel <#C0RELEASES|>")
    await sam.says("watch @acme/*")
    for line in ("watch", "digest", "unwatch rita-tools"):
        assert "hidden" not in await sam.says(line)
    assert "@hidden/skunkworks" in await rita.says("watch")
    assert "@hidden/skunkworks" in await otto.says("watch")  # an admin
    await until(world, MONDAY, seconds=1)
    [(secret,)] = await stored.rows(world, "SELECT id FROM packages WHERE name = '@acme/secret'")
    [(known,)] = await stored.rows(world, "SELECT id FROM packages WHERE name = '@acme/ui'")
    nines = "9" * 30
    for action in ("snooze", "retire", "bring_back", "set_up"):
        for value in (f"0:{secret}", f"{nines}:{known}", f"1:{nines}", f"1:{'9' * 1900}", "٣:٣", f"1:{known}:1"):
            assert NOT_MINE in await sam.forges("Snooze", value, action=action)
    for action in ("acknowledge", "refresh_coverage"):
        for value in (nines, "9" * 1900, "²", f"all-{nines}", "all-", "all-x", "all-1"):
            assert NOT_MINE in await sam.forges("Snooze", value, action=action)
    assert sam.reads_form() == ""


async def test_a_watch_of_ones_own_gives_no_say_in_what_others_watch(world: World) -> None:
    rita, *_, sam = await watch(world)
    await sam.says("watch @acme/* --cron '0 * * * *'", "dm")
    await world.advance(hours=1)
    value = value_of(world, "@acme/ui", "dm") or sam.value_of("Snooze", "dm")
    denied = await sam.forges("Snooze", value, "dm")
    assert "Only maintainers of" in denied
    assert "who set the first watch of it" in denied
    assert "@rita" in denied
    assert "@sam" not in denied
    assert "snoozed" not in await rita.says("digest")


async def test_a_digest_waits_for_the_names_and_for_what_is_being_read(world: World) -> None:
    rita, *_ = people(world)
    world.clock.set(MONDAY - timedelta(minutes=5))
    await world.registry.stop()
    await rita.says("watch @acme/*")
    await until(world, MONDAY, minutes=10)
    assert digests_in(world) == []
    await world.registry.start()
    await world.advance(minutes=5)
    assert "25 % publish" in digests_in(world)[0]

    await world.stop_bot()
    world.clock.set(MONDAY + timedelta(days=10))
    await world.start_bot()
    assert world.app is not None
    services = world.app.services

    def claim(store: Store) -> list[PackageRow]:
        store.lanes.hold(LANE, holder="another process", now=services.clock.now())
        now = services.clock.now()
        return store.packages.claim_due(now, most=MOST_AT_ONCE, until=now + scan.CLAIM)

    assert len(await services.database.run(claim)) == 5
    progress = await digests.execute_next(services)  # all that is due is being read, and nothing of it is recorded yet
    assert not progress.more
    assert await stored.rows(world, "SELECT count(*) FROM digests") == [(1,)]
    await world.advance(minutes=46)
    await world.settle()
    assert len(digests_in(world)) == 2


async def test_many_alarms_within_an_hour_share_a_message_and_are_acknowledged_together(world: World) -> None:
    rita, otto, olga, sam = people(world)
    await otto.links_account("dm")
    seed = SeedPackage("", ("otto-npm",), "mass/p", evidence="trusted")
    names = [f"@mass/p{number}" for number in range(12)]
    for name in names:
        world.registry.add_package(replace(seed, name=name))
    world.registry.add_package(replace(seed, name="@mass/zoo", maintainers=("rita-npm",)))
    await rita.says("watch @mass/*")
    await otto.says("watch @mass/p1*", ELSEWHERE)
    await world.settle(10)
    for name in [*names, "@mass/zoo"]:
        world.registry.publish(name, "9.0.0", by="mallory-npm")
    await world.advance(hours=1)
    alarms = alarms_in(world)
    assert len(alarms) == 6
    [together] = [alarm for alarm in alarms if "share this message" in alarm]
    assert "8 versions came another way than before" in together
    assert together.count("came without the trusted publisher, by npm user mallory-npm") == 8
    assert "Maintainers: @otto" in together
    assert all(sum(f"{name} 9.0.0" in alarm for alarm in alarms) == 1 for name in [*names, "@mass/zoo"])
    assert not any(f"@mass/p{number} " in text for text in alarms_in(world, ELSEWHERE) for number in range(2, 10))
    assert len(alarms_in(world, "dm", who=1)) <= 6

    assert "Only maintainers of" in await sam.clicks("Acknowledge all")
    assert sam.reads_form() == ""
    await otto.clicks("Acknowledge all")
    assert "versions that came another way than before" in otto.reads_form()
    await olga.clicks("Acknowledge all")
    assert await otto.submits(reason="The CI was down") == {}
    assert "8 alarms acknowledged" in otto.reads()
    [together] = [alarm for alarm in alarms_in(world) if "all acknowledged" in alarm]
    assert together.count("“The CI was down”") == 8
    assert await olga.submits(reason="me too") == {}
    assert "@otto acknowledged the alarm of" in olga.reads()
    assert "“me too”" not in rita.reads_all()


async def test_what_a_process_was_reading_when_it_died_is_read_at_once_by_the_next(world: World) -> None:
    rita, *_ = people(world)
    world.registry.fail_next("GET", 429, headers={"retry-after": "30"}, path="/@acme%2f")
    await rita.says("coverage @acme/*")
    await world.stop_bot()  # stopped in the middle of a batch
    await world.start_bot()
    assert world.app is not None
    services = world.app.services

    def claim(store: Store) -> None:
        now = services.clock.now()
        store.packages.claim_due(now + timedelta(minutes=2), most=MOST_AT_ONCE, until=now + scan.CLAIM)

    await services.database.run(claim)
    await world.advance(seconds=31)
    assert "25 % publish" in rita.reads()


async def test_what_came_while_the_registry_was_down_is_an_alarm_within_an_hour_of_its_return(world: World) -> None:
    rita, *_ = people(world)
    await rita.says("watch @acme/core")
    await world.registry.stop()
    for _ in range(18):
        await world.advance(minutes=40)
    await world.registry.start()
    world.registry.publish("@acme/core", "1.2.0", by="mallory-npm")
    await world.advance(hours=1, minutes=1)
    assert "@acme/core 1.2.0 came without" in alarms_in(world)[0]


async def test_a_zone_that_the_machine_has_lost_keeps_no_digest_from_coming(world: World) -> None:
    rita, *_ = await watch(world)
    await rita.says("watch @acme/ui", ELSEWHERE)
    assert world.app is not None

    def lose_zone(store: Store) -> None:
        store.watches.list_live()[0].timezone = "Mars/Olympus"

    await world.app.services.database.run(lose_zone)
    await until(world, MONDAY, hours=1)
    assert len(digests_in(world)) == len(digests_in(world, ELSEWHERE)) == 1
