"""`check PACKAGE`: whether publishing from its repository's workflow can work, point by point, and how to mend it."""

import asyncio
from typing import Final

from bot.domain.approval import Action
from bot.domain.deliveries import CommandDelivery
from bot.domain.evidence import PackageFacts
from bot.domain.lifecycle import OPEN_STATES
from bot.domain.operations import Revoke
from bot.domain.packages import PackageName
from bot.domain.preflight_views import CheckedPublisher, Origin, PackageCheck
from bot.domain.provenance import Provenance
from bot.domain.publishers import CircleCI, GitHub, GitLab, Provider, Publisher
from bot.messages.denials import Denied, render_denial
from bot.messages.preflight import render_check
from bot.services import Services
from bot.workflow.answering import answer
from bot.workflow.authorise import authorise, load_directory, load_person
from bot.workflow.lane import OPERATION, live_session
from bot.workflow.packages import load_facts, tell_missing
from bot.workflow.preflight import look_at
from bot.workflow.record_packages import provenance_of
from bot.workflow.suggest import suggest_form
from storage.store import Store

MOST: Final = 10
"""npm keeps at most so many configurations of a package."""

_GUESSED_FILE: Final = "release.yml"
_TOP_FILE: Final = ".gitlab-ci.yml"


async def check_package(services: Services, delivery: CommandDelivery, package: PackageName) -> None:
    """Look at each workflow that is known to publish a package, else at the one that its repository suggests.

    Raises:
        RegistryError: npm cannot be asked now.
        SlackError: Slack cannot be asked now.
    """
    person = await load_person(services, delivery.user)
    directory = await services.database.run(lambda store: load_directory(services, store))
    if denial := authorise(Action.COVER, person, None, directory):
        await answer(services, delivery, render_denial(denial, Denied(wish=Action.COVER)))
        return
    link = await services.database.run(lambda store: store.links.find_linked(delivery.user))
    facts = await load_facts(services, package, link)
    if not isinstance(facts, PackageFacts):
        has_session = live_session(services, link) is not None
        await answer(services, delivery, tell_missing(package, facts, linked=has_session))
        return
    found = await services.database.run(lambda store: _find_publishers(store, package, facts))
    looks = await asyncio.gather(*(look_at(services, publisher, facts=facts) for publisher, _ in found))
    checked = tuple(
        CheckedPublisher(publisher=publisher, origin=origin, points=points)
        for (publisher, origin), points in zip(found, looks, strict=True)
    )
    await answer(services, delivery, render_check(PackageCheck(package=facts.name, checked=checked)))


def _find_publishers(store: Store, package: PackageName, facts: PackageFacts) -> list[tuple[Publisher, Origin]]:
    """List what is known to publish the package, what was asked for, and where versions came from; each once."""
    found: dict[Publisher, Origin] = {}
    for made in store.packages.list_set_ups([package], used_too=True):
        found.setdefault(made.publisher, Origin.SET_UP)
    for step in store.change_sets.list_open_steps_of(package):
        operation = OPERATION.validate_json(step.operation)
        if not isinstance(operation, Revoke) and step.lifecycle.state in OPEN_STATES:
            found.setdefault(operation.publisher, Origin.ASKED)
    row = store.packages.find(package)
    attested = _publisher_of(provenance_of(row) if row else None)
    if attested is not None and not any(_is_same_file(attested, known) for known in found):
        found.setdefault(attested, Origin.ATTESTED)
    if not found and (guessed := _guess(store, package, facts)) is not None:
        found[guessed] = Origin.GUESSED
    return list(found.items())[:MOST]


def _publisher_of(provenance: Provenance | None) -> Publisher | None:
    """Tell what an attestation names; it knows no environment."""
    if provenance is None or not provenance.file:
        return None
    match provenance.repository_host:
        case "github.com":
            return GitHub(repository=provenance.repository, file=provenance.file)
        case "gitlab.com":
            return GitLab(project=provenance.repository, file=provenance.file)
        case _:
            return None


def _is_same_file(one: Publisher, other: Publisher) -> bool:
    if isinstance(one, CircleCI) or isinstance(other, CircleCI):
        return False
    return (one.provider, one.source, one.file) == (other.provider, other.source, other.file)


def _guess(store: Store, package: PackageName, facts: PackageFacts) -> Publisher | None:
    """Tell what [Set up] would ask for, where the package names a repository."""
    draft = suggest_form(store, package)
    is_hosted = facts.repository_host in {"github.com", "gitlab.com"}
    if not is_hosted or not facts.repository:
        return None
    if facts.repository_host == "gitlab.com":
        return GitLab(project=facts.repository, file=draft.fields.get("file", _TOP_FILE))
    file = draft.fields.get("file", _GUESSED_FILE) if draft.provider is Provider.GITHUB else _GUESSED_FILE
    return GitHub(repository=facts.repository, file=file)
