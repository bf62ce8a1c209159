"""Looks at everything that npmtrust needs, and changes nothing: `npmtrust check` and `/npmtrust doctor`."""

import asyncio
import os
import shutil
from collections.abc import Coroutine
from enum import Enum, auto
from pathlib import Path
from typing import TypeAlias

from bot.domain.findings import Finding, Verdict
from bot.errors import StorageError
from bot.messages import findings as say
from bot.policies import read_policy
from bot.services import Services
from bot.workflow.checkup_registry import check_registry
from bot.workflow.checkup_slack import check_people_and_places, check_token
from storage import migrate
from storage.migrate import Schema

LONGEST_LOOK = 20.0
"""Seconds. Two of them one after the other are less than what a command may take."""

Look: TypeAlias = Coroutine[None, None, list[Finding]]


class _File(Enum):
    """What can be done with the SQLite file."""

    WRITABLE = auto()
    ABSENT = auto()
    """It is not there, and can be made."""
    CLOSED = auto()


async def check(services: Services, *, file: Path | None, within: float = LONGEST_LOOK) -> list[Finding]:
    """Look at database, keys, disk, Slack and registry.

    Args:
        services: What the bot works with; the database may be empty, and is not migrated.
        file: Where the SQLite file is or will be; None for a server.
        within: Seconds for all that is asked of one outside.
    """
    found = [*_check_policy(services), *await _check_database(services, file), *(_check_disk(file) if file else ())]
    token = await _in_time(
        say.SLACK_TOKEN, check_token(services), within
    )  # tells the workspace, to which all rows belong
    looks = [_in_time(say.REGISTRY, check_registry(services), within)]
    if token[0].verdict is Verdict.OK:
        looks.insert(0, _in_time(say.CHANNEL, check_people_and_places(services), within))
    outside = await asyncio.gather(*looks)
    return [*found, *token, *(finding for findings in outside for finding in findings)]


async def _in_time(subject: str, look: Look, within: float) -> list[Finding]:
    try:
        async with asyncio.timeout(within):
            return await look
    except TimeoutError:
        return [say.took_too_long(subject, within)]


def _check_policy(services: Services) -> list[Finding]:
    """Look at what stands in the policy file now, whatever is in force; it is not put into force here."""
    path = services.policies.path
    if path is None:
        return []
    loaded, policy = read_policy(path)
    if loaded.problem:
        return [say.policy_broken(path.name, loaded.problem, is_running=bool(services.policies.current.file))]
    return [say.policy_read(path.name, len(policy.rules)) if policy.rules else say.policy_without_rules(path.name)]


async def _check_database(services: Services, file: Path | None) -> list[Finding]:
    where = "the SQLite file" if file else "the server"
    state = _look_at(file) if file else _File.WRITABLE
    if state is _File.CLOSED:
        return [say.folder_closed(str(file))]
    if state is _File.ABSENT:
        return [say.database_to_come(str(file)), say.keys_unused()]
    try:
        match await services.database.call(migrate.compare):
            case Schema.EMPTY | Schema.OLDER:
                return [say.database_older(where)]
            case Schema.NEWER:
                return [say.database_newer(where)]
            case Schema.CURRENT:
                return [say.database_current(where), await _check_keys(services)]
    except StorageError as err:
        return [say.database_down(where, str(err), is_file=file is not None)]


async def _check_keys(services: Services) -> Finding:
    opens = await services.database.run(lambda store: store.key_check.opens(services.vault))
    if opens is None:
        return say.keys_unused()
    return say.keys_open() if opens else say.keys_wrong()


def _check_disk(file: Path) -> list[Finding]:
    place = _nearest(file)
    return [say.disk_free(str(place), shutil.disk_usage(place).free)]


def _look_at(file: Path) -> _File:
    if _is_there(file):
        return _File.WRITABLE if os.access(file, os.W_OK) else _File.CLOSED
    place = _nearest(file)
    return _File.ABSENT if place.is_dir() and os.access(place, os.W_OK) else _File.CLOSED


def _nearest(file: Path) -> Path:
    """Tell the folder of the file, or what is there nearest above it."""
    return next(place for place in file.absolute().parents if _is_there(place))


def _is_there(path: Path) -> bool:
    """Tell it without an error where a folder above cannot be read; it is then as if nothing were there."""
    return os.access(path, os.F_OK)
