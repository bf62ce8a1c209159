"""`policy PACKAGE`: the rule that decides, who may approve now, and why each other person may not."""

from dataclasses import dataclass

from bot.domain.approval import Action, Denial, Directory, StepFacts, check_step_action, reviewers_of
from bot.domain.commands import ShowPolicy
from bot.domain.deliveries import CommandDelivery
from bot.domain.evidence import PackageFacts
from bot.domain.operations import Operation
from bot.domain.policy import PackagePolicy
from bot.domain.policy_rules import check_operation, check_people, check_policy
from bot.messages.policy import Explained, render_policy
from bot.services import Services
from bot.workflow.answering import answer
from bot.workflow.authorise import load_directory
from bot.workflow.membership import AT_A_PRESS, refresh_for_press
from bot.workflow.packages import load_facts, tell_missing
from bot.workflow.places import live_session
from storage.store import Store


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of a policy."""

    requester: str = ""
    """Slack id of who would ask; empty: somebody else than all others."""
    operation: Operation | None = None
    """What would be asked for."""


async def show_policy(services: Services, delivery: CommandDelivery, command: ShowPolicy) -> None:
    """Answer `policy PACKAGE`.

    Raises:
        RegistryError: npm cannot be asked now.
    """
    link = await services.database.run(lambda store: store.links.find_linked(delivery.user))
    found = await load_facts(services, command.package, link)
    if not isinstance(found, PackageFacts):
        has_session = live_session(services, link) is not None
        await answer(services, delivery, tell_missing(command.package, found, linked=has_session))
        return
    await answer(services, delivery, render_policy(await explain(services, found, Question())))


async def explain(services: Services, found: PackageFacts, question: Question) -> Explained:
    """Find the rule of a package, and judge everybody who is known by it."""
    policy = services.policies.current.policy_of(found.name)
    await refresh_for_press(services, [policy])

    def work(store: Store) -> Explained:
        directory = load_directory(services, store, groups_within=AT_A_PRESS)
        return _judge(services, found, policy, question, directory)

    return await services.database.run(work)


def _judge(
    services: Services, found: PackageFacts, policy: PackagePolicy, question: Question, directory: Directory
) -> Explained:
    facts = StepFacts(
        requester=question.requester,
        maintainers=found.maintainers,
        fingerprint="",
        policy=policy,
        is_revoke=question.operation is not None and question.operation.kind == "revoke",
    )
    operation = question.operation
    violations = check_operation(operation, policy) if operation is not None else check_policy(policy)
    if not violations and question.requester:
        violations = check_people(facts, directory)
    reviewers = reviewers_of(facts, directory)
    refused: dict[str, Denial] = {}
    for person in _everybody(services, policy, question, directory):
        denial = check_step_action(Action.APPROVE, person, facts, directory)
        if denial is not None:
            refused[person] = Denial.NOT_ACTIVE if person in directory.gone else denial
    return Explained(
        package=found.name,
        policy=policy,
        file=services.policies.current.file,
        reviewers=reviewers,
        maintainers=found.maintainers,
        source="its collaborators" if found.owners_are_collaborators else "public data",
        violations=tuple(violations),
        refused=refused,
        requester=question.requester,
    )


def _everybody(services: Services, policy: PackagePolicy, question: Question, directory: Directory) -> list[str]:
    """List whoever is known: linked, pending, named by the policy, an admin, or who would ask."""
    named = [entry.removeprefix("!") for entry in policy.reviewers]
    groups = [person for entry in named for person in directory.groups.get(entry, ())]
    people = {*directory.npm_users, *directory.pending, *services.policies.current.people, *directory.admins, *groups}
    people |= {entry for entry in named if entry[0] in "UW"} | ({question.requester} - {""})
    return sorted(people)
