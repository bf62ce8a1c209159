"""Preflight: a look at the workflow file that a trust configuration names, before npm is told of it."""

import asyncio

from bot.domain.evidence import PackageFacts
from bot.domain.preflight import Look, Place, Preflight, judge, place_of, summarise
from bot.domain.preflight_jobs import Point
from bot.domain.publishers import PROVIDERS, Publisher, fields_of
from bot.services import Services

__all__ = ["Preflight", "find_name", "look_at", "preflight"]

_NO_PLACE = Look(unchecked="its names are none that its provider gives")
"""Of claims that were read from npm and do not keep the provider's rules: they must not be made into an address."""


async def preflight(services: Services, publisher: Publisher, *, facts: PackageFacts | None) -> Preflight:
    """Look at the workflow of a publisher: at most 3 s, once an hour for all packages that it publishes.

    A forge that does not answer is no error: its workflow was not checked then. Where preflight is off, nothing is
    said of it, and the package alone is looked at.

    Raises:
        StorageError: The database cannot be used.
    """
    points = await look_at(services, publisher, facts=facts)
    seen = summarise(points)
    return seen if services.forge else seen.model_copy(update={"unchecked": ""})


async def look_at(services: Services, publisher: Publisher, *, facts: PackageFacts | None) -> tuple[Point, ...]:
    """Tell each thing that was looked at.

    Raises:
        StorageError: as above.
    """
    place = place_of(publisher)
    if place is None or services.forge is None:
        return judge(publisher, None, facts)
    is_sound = not PROVIDERS[publisher.provider].check(fields_of(publisher))
    look = await _look(services, place) if is_sound else _NO_PLACE
    # some tenths of a second, of files that are written to last: others must not wait for it
    return await asyncio.to_thread(judge, publisher, look, facts)


async def find_name(services: Services, publisher: Publisher) -> str:
    """Tell how its forge calls the repository of a publisher now; empty where it is as named, or is not told.

    Raises:
        StorageError: as above.
    """
    place = place_of(publisher)
    is_sound = not PROVIDERS[publisher.provider].check(fields_of(publisher))
    if place is None or services.forge is None or not is_sound:
        return ""
    name = (await _look(services, place)).known_as
    return name if name != publisher.source else ""


async def _look(services: Services, place: Place) -> Look:
    """Tell what was seen within the hour, else look."""
    seen = await services.database.run(lambda store: store.looks.find(place, services.clock.now()))
    if seen is not None or services.forge is None:
        return seen or _NO_PLACE
    look, until = await services.forge.look(place)
    await services.database.run(lambda store: store.looks.save(place, look, until=until, now=services.clock.now()))
    return look
