"""One step as it would be staged: what is wanted of a package, put together with what npm shows of it."""

from dataclasses import dataclass

from bot.domain.approval import Directory, Person, reviewers_of
from bot.domain.approval import StepFacts as Rules
from bot.domain.batch import REPLACE, REVOKE, Wanted, Why
from bot.domain.evidence import PackageFacts
from bot.domain.mistakes import Mistake
from bot.domain.operations import Create, Operation, Replace, Revoke, fingerprint_of, likeness_of
from bot.domain.publishers import PROVIDERS, Permission, Provider, Publisher
from bot.domain.templates import fill_fields, uses_templates
from bot.messages import refusals
from bot.messages.message import Message
from bot.services import Services
from bot.workflow.policy_checks import check_staging, with_default_permissions
from bot.workflow.preflight import preflight
from storage.batches import Pending
from storage.records import StepFacts
from storage.store import Store


@dataclass(frozen=True, slots=True)
class Planned:
    """One step as it would be staged."""

    operation: Operation
    facts: StepFacts
    is_private: bool
    faults: tuple[str, ...] = ()
    """Why publishing would fail, as far as the workflow shows; they are among the warnings too."""


@dataclass(frozen=True, slots=True)
class Unfit:
    """Why a step cannot be staged."""

    why: Why
    message: Message
    """To who asked for this package alone."""
    detail: str = ""
    """What more there is to say where many are told of together, as text."""
    lacks_source: bool = False
    """The package names no repository that fits, so the line must."""


def plan(services: Services, wanted: Wanted, found: PackageFacts) -> Planned | Unfit:
    """Put together what is wanted and what was found. Templates are filled; the repository may be the package's own."""
    facts = StepFacts(
        evidence=found.evidence,
        maintainers=found.maintainers,
        owners_are_collaborators=found.owners_are_collaborators,
    )
    if wanted.verb == REVOKE:
        revoke = Revoke(
            package=wanted.package, configuration_id=wanted.configuration_id, from_repository=wanted.from_repository
        )
        return Planned(revoke, facts.model_copy(update={"needs_look": True}), found.private)
    provider = wanted.provider or Provider.GITHUB
    spec = PROVIDERS[provider]
    is_stated = bool(wanted.fields.get(spec.source_flag))
    inferred = found.repository if found.repository_host == spec.host else ""
    publisher = spec.build(fill_fields(wanted.fields, wanted.package), "" if is_stated else inferred)
    if isinstance(publisher, Mistake):
        return _unfit(found, provider, publisher, wanted)
    warnings: tuple[str, ...] = ()
    if is_stated and inferred and inferred != publisher.source:
        warnings = (f"The package itself names another repository: {inferred}.",)
    update: dict[str, object] = {"repository_inferred": not is_stated, "warnings": warnings}
    operation = _operation(wanted, publisher)
    if wanted.verb == REPLACE:
        update["needs_look"] = True
    operation = with_default_permissions(services, operation, permissions_stated=bool(wanted.permissions))
    return Planned(operation, facts.model_copy(update=update), found.private)


def _operation(wanted: Wanted, publisher: Publisher) -> Operation:
    permissions = wanted.permissions or (Permission.PUBLISH,)
    if wanted.verb != REPLACE:
        return Create(package=wanted.package, publisher=publisher, permissions=permissions)
    return Replace(
        package=wanted.package,
        configuration_id=wanted.configuration_id,
        from_repository=wanted.from_repository,
        publisher=publisher,
        permissions=permissions,
    )


def _unfit(found: PackageFacts, provider: Provider, mistake: Mistake, wanted: Wanted) -> Unfit:
    spec = PROVIDERS[provider]
    if mistake.got and uses_templates(wanted.fields):
        return Unfit(Why.MISFIT, refusals.render_template_unfit(found.name, mistake), f"{mistake.what} ({mistake.got})")
    is_stated = bool(wanted.fields.get(spec.source_flag))
    if found.repository and not is_stated:
        where = f"{found.repository} on {found.repository_host}"
        refusal = refusals.render_repository_unfit(found.name, found=where, provider=spec.title)
        return Unfit(Why.NO_REPOSITORY, refusal, where, lacks_source=True)
    refusal = refusals.render_repository_missing(found.name, flag=spec.source_flag)
    return Unfit(Why.NO_REPOSITORY, refusal, lacks_source=True)


async def check(
    services: Services,
    person: Person,
    planned: Planned,
    found: PackageFacts,
    directory: Directory,
    *,
    permissions_stated: bool,
) -> Unfit | None:
    """See that the policy allows it, and that somebody can approve and write."""
    if not found.maintainers:
        return Unfit(Why.NO_MAINTAINERS, refusals.render_no_maintainers(found.name))
    denied = await check_staging(services, person, planned.operation, found, permissions_stated=permissions_stated)
    if denied is not None:
        return Unfit(Why.POLICY, denied.message, denied.detail)
    policy = services.policies.current.policy_of(found.name)
    rules = Rules(
        requester=person.id,
        maintainers=found.maintainers,
        fingerprint="",
        policy=policy,
        is_revoke=isinstance(planned.operation, Revoke),
    )
    reviewers = reviewers_of(rules, directory)
    if reviewers.are_admins and not reviewers.people:
        return Unfit(Why.NO_REVIEWER, refusals.render_no_admins(found.name))
    return None


async def with_preflight(services: Services, planned: Planned, found: PackageFacts) -> Planned:
    """Look at the workflow that is to be trusted, and let what is wrong with it be a warning of the step."""
    if isinstance(planned.operation, Revoke):
        return planned
    seen = await preflight(services, planned.operation.publisher, facts=found)
    if not seen.faults and not seen.unchecked:
        return planned
    warnings = tuple(dict.fromkeys((*planned.facts.warnings, *seen.faults)))
    facts = planned.facts.model_copy(update={"warnings": warnings, "unchecked": seen.unchecked})
    return Planned(planned.operation, facts, planned.is_private, seen.faults)


def fingerprint_in(services: Services, store: Store, operation: Operation) -> str:
    """Hash a step as it stands in this workspace and at this registry."""
    return fingerprint_of(operation, workspace=store.workspace, registry=services.options.registry_url)


def find_same(services: Services, store: Store, operation: Operation, pending: list[Pending]) -> Pending | None:
    """Find the open step that asks for the same, whatever was read behind its selector."""
    if not pending:
        return None
    fingerprint, likeness = fingerprint_in(services, store, operation), likeness_of(operation)
    return next((one for one in pending if fingerprint == one.fingerprint or likeness == one.likeness), None)
