"""What the policy says of a request before it is staged: whether it may be asked for, where it goes, until when."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import NamedTuple

from bot.domain.approval import Person, StepFacts
from bot.domain.evidence import PackageFacts
from bot.domain.operations import Operation, Revoke
from bot.domain.policy import NO_POLICY, PackagePolicy
from bot.domain.policy_rules import (
    Violation,
    check_operation,
    check_people,
    check_unstated,
    default_permissions,
)
from bot.messages.message import Message
from bot.messages.policy import (
    refusal_detail,
    render_policy_refusal,
    render_too_many_open,
    render_too_many_packages,
)
from bot.services import Services
from bot.workflow.authorise import load_directory
from bot.workflow.limits import check_packages
from bot.workflow.membership import AT_A_PRESS, refresh_for_press
from storage.store import Store

_A_DAY = timedelta(hours=24)


class PolicyRefusal(NamedTuple):
    """Why the policy does not let something be asked for."""

    message: Message
    """To who asked for this package alone."""
    detail: str
    """The same shortly, as text."""


async def check_staging(
    services: Services, person: Person, operation: Operation, facts: PackageFacts, *, permissions_stated: bool
) -> PolicyRefusal | None:
    """Say why the policy does not let somebody ask for a step, with what to change; None when it does."""
    current = services.policies.current
    policy = current.policy_of(facts.name)
    if policy is NO_POLICY:
        return None
    violations = check_operation(operation, policy)
    if not permissions_stated:
        violations += check_unstated(operation, policy)
    if not violations:
        violations = await find_people_problems(services, person.id, facts, policy, operation)
    if not violations:
        return None
    told = render_policy_refusal(facts.name, violations, policy, file=current.file)
    return PolicyRefusal(told, refusal_detail(violations[0], policy, file=current.file))


async def find_people_problems(
    services: Services, requester: str, facts: PackageFacts, policy: PackagePolicy, operation: Operation | None
) -> list[Violation]:
    """List why this person cannot ask, or why nobody could approve; user groups are read anew."""
    await refresh_for_press(services, [policy])
    directory = await services.database.run(lambda store: load_directory(services, store, groups_within=AT_A_PRESS))
    asked = StepFacts(
        requester=requester,
        maintainers=facts.maintainers,
        fingerprint="",
        policy=policy,
        is_revoke=isinstance(operation, Revoke),
    )
    return check_people(asked, directory)


def with_default_permissions(services: Services, operation: Operation, *, permissions_stated: bool) -> Operation:
    """Give a request that named no permission the one that the policy says it means."""
    if permissions_stated:
        return operation
    return default_permissions(operation, services.policies.current.policy_of(operation.package))


async def check_request(services: Services, requester: str, places: Mapping[str, Iterable[str]]) -> Message | None:
    """Say why somebody, or all in a channel, have asked for too much; once for a whole wish, before its steps.

    Args:
        services: What a use case works with.
        requester: Slack id.
        places: The packages of each request, by the channel where it is to stand.
    """
    current, wanted = services.policies.current, sum(len(set(packages)) for packages in places.values())
    limits = current.limits

    def count(store: Store) -> tuple[int, int]:
        since = services.clock.now() - _A_DAY
        return store.policies.count_open(requester), store.policies.count_packages(requester, since)

    for channel, packages in places.items():
        if too_many := await check_packages(services, requester, channel, wanted, of_channel=len(set(packages))):
            return too_many
    if limits.open_change_sets is None and limits.packages_a_day is None:
        return None
    are_open, asked = await services.database.run(count)
    if limits.open_change_sets is not None and are_open + len(places) > limits.open_change_sets:
        return render_too_many_open(are_open, limits.open_change_sets, file=current.file)
    if limits.packages_a_day is not None and asked + wanted > limits.packages_a_day:
        return render_too_many_packages(asked, wanted, limits.packages_a_day, file=current.file)
    return None


def names_channels(services: Services) -> bool:
    """Tell whether the policy says of any package where requests for it stand."""
    return any(rule.channel for rule in services.policies.current.rules)


def channels_of(services: Services, packages: Iterable[str], otherwise: str) -> dict[str, list[str]]:
    """Tell in which channel the policy wants requests for packages: the packages by channel, in their order.

    A request stands in one channel: who watches it must see what concerns them, and nothing else. What is wanted of
    packages that belong in several becomes several requests.
    """
    current = services.policies.current
    found: dict[str, list[str]] = {}
    for package in packages:
        found.setdefault(current.policy_of(package).channel or otherwise, []).append(package)
    return found


def life_of(services: Services, packages: Iterable[str]) -> timedelta:
    """Tell how long a request for these packages waits: as long as the strictest of their rules says."""
    current = services.policies.current
    return min((current.policy_of(package).life for package in packages), default=NO_POLICY.life)
