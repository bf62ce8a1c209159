"""Who reviews a step, whose approvals count, and whose account makes the call: the counting behind `approval`."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from bot.domain.policy import EVERYBODY, MAINTAINERS, NO_POLICY, PackagePolicy, bare
from bot.domain.values import Frozen


class Reviewers(Frozen):
    """Who may decide on a step."""

    people: tuple[str, ...] = ()
    """Slack ids; the requester's only where the policy lets them."""
    unlinked: tuple[str, ...] = ()
    """npm users who maintain the package and whom nobody is proven to be."""
    are_admins: bool = False
    """The requester is the only maintainer."""
    gone: tuple[str, ...] = ()
    """Slack ids of who would review and is no active full member any more: named, and not waited for."""


class Approval(NamedTuple):
    """One approval that was not withdrawn."""

    person: str
    """Slack id."""
    fingerprint: str
    npm_user: str = ""
    """Whom the person was linked to then."""


class StepFacts(Frozen):
    """What the rules look at, of one step."""

    requester: str
    maintainers: tuple[str, ...]
    """npm users."""
    fingerprint: str
    approvals: tuple[Approval, ...] = ()
    """Oldest first."""
    needs_look: bool = False
    executor: str = ""
    deadline_passed: bool = False
    policy: PackagePolicy = NO_POLICY
    """In force now."""
    decided_under: str = ""
    """Fingerprint of the policy under which the decisions fell; empty while there are none."""
    is_forbidden: bool = False
    """The policy in force now would refuse to stage it."""
    is_revoke: bool = False
    requester_npm: str = ""
    """The npm user whom the requester was linked to when they asked: whoever else is linked to it now is them."""


class Directory(Frozen):
    """Who is who: the proven account links and the admins."""

    npm_users: Mapping[str, str]
    """By Slack id."""
    pending: frozenset[str] = frozenset()
    """Slack ids whose link is not proven."""
    admins: frozenset[str] = frozenset()
    groups: Mapping[str, frozenset[str]] = {}
    """The members of Slack's user groups, by id, as far as Slack tells them."""
    gone: frozenset[str] = frozenset()
    """Slack ids of who is known to be deactivated, a guest, a bot or from elsewhere."""

    def slack_user_of(self, npm_user: str) -> str:
        """Tell who an npm user is proven to be; empty when nobody."""
        return next((person for person, name in self.npm_users.items() if name == npm_user), "")


def reviewers_of(facts: StepFacts, directory: Directory) -> Reviewers:
    """Tell who reviews: whom the policy names; the admins where the requester is the only maintainer."""
    policy = facts.policy
    if policy.deny or policy.is_missing or not policy.quorum or not policy.reviewers:
        return Reviewers()
    names = _reviewing_maintainers(facts, directory)
    named = [*_expand(policy.reviewers, directory)]
    if not policy.self_approval:
        named = [person for person in named if not _is_requester(person, facts, directory)]
    are_admins = bool(facts.maintainers) and MAINTAINERS in policy.reviewers and not names and not named
    if are_admins:
        named = [person for person in sorted(directory.admins) if not _is_requester(person, facts, directory)]
    found = {name: directory.slack_user_of(name) for name in names}
    refused = denied_people(policy.reviewers, directory)
    may = [person for person in dict.fromkeys([*filter(None, found.values()), *named]) if person not in refused]
    return Reviewers(
        people=tuple(person for person in may if person not in directory.gone),
        unlinked=tuple(name for name, person in found.items() if not person),
        are_admins=are_admins,
        gone=tuple(person for person in may if person in directory.gone),
    )


def _reviewing_maintainers(facts: StepFacts, directory: Directory) -> tuple[str, ...]:
    """Tell the npm users among the owners who may review; the requester only where the policy lets them."""
    alone = _is_revoke_alone(facts)
    if not alone and MAINTAINERS not in facts.policy.reviewers:
        return ()
    if alone or facts.policy.self_approval:
        return facts.maintainers
    own = {directory.npm_users.get(facts.requester), facts.requester_npm}
    return tuple(name for name in facts.maintainers if name not in own)


def _is_requester(person: str, facts: StepFacts, directory: Directory) -> bool:
    """Tell whether somebody asked for it, be it with another Slack account: an npm user is one person."""
    if person == facts.requester:
        return True
    return bool(facts.requester_npm) and directory.npm_users.get(person) == facts.requester_npm


def _is_revoke_alone(facts: StepFacts) -> bool:
    return facts.is_revoke and facts.policy.revoke_alone


def _expand(entries: Iterable[str], directory: Directory) -> Iterable[str]:
    """Tell the people behind the entries of a list: Slack ids and user groups."""
    for entry in entries:
        if entry[0] in "UW":
            yield entry
        elif entry[0] == "S":
            yield from sorted(directory.groups.get(entry, ()))


def denied_people(entries: Iterable[str], directory: Directory) -> frozenset[str]:
    """Tell whom a list leaves out, whoever lets them in."""
    return frozenset(_expand((bare(entry) for entry in entries if entry.startswith("!")), directory))


def is_requester(person: str, maintainers: Iterable[str], policy: PackagePolicy, directory: Directory) -> bool:
    """Tell whether the policy lets somebody ask for a package with these maintainers."""
    entries = policy.requesters
    if person in denied_people(entries, directory):
        return False
    maintains = MAINTAINERS in entries and directory.npm_users.get(person) in set(maintainers)
    return EVERYBODY in entries or maintains or person in _expand(entries, directory)


def unknown_groups(facts: StepFacts, directory: Directory) -> tuple[str, ...]:
    """Tell the user groups that decide and that Slack does not tell of now."""
    entries = {bare(entry) for entry in facts.policy.reviewers}
    return tuple(sorted(entry for entry in entries if entry[0] == "S" and entry not in directory.groups))


def approvers_of(facts: StepFacts, directory: Directory) -> tuple[str, ...]:
    """Tell whose approval counts now: reviewers who approved exactly this content, each once, oldest first.

    Two approvals by one Slack person, or with one npm user, are those of one person.
    """
    reviewers = reviewers_of(facts, directory).people
    counted: dict[str, str] = {}
    for approval in facts.approvals:
        npm_user = approval.npm_user or directory.npm_users.get(approval.person, "")
        is_other = approval.person not in counted and not (npm_user and npm_user in counted.values())
        if approval.fingerprint == facts.fingerprint and approval.person in reviewers and is_other:
            counted[approval.person] = npm_user
    return tuple(counted)


def quorum_of(facts: StepFacts, directory: Directory) -> int:
    """Tell how many must approve: one, where the policy lets a maintainer revoke alone and nobody else has approved."""
    approvers = approvers_of(facts, directory)
    by_owner = not approvers or any(can_write(person, facts, directory) for person in approvers)
    return 1 if _is_revoke_alone(facts) and by_owner else max(1, facts.policy.quorum)


def approvals_missing(facts: StepFacts, directory: Directory) -> int:
    """Tell how many more people must approve."""
    return max(0, quorum_of(facts, directory) - len(approvers_of(facts, directory)))


def is_alone(facts: StepFacts, directory: Directory) -> bool:
    """Tell whether a revoke has its approval only since the policy lets one maintainer revoke alone."""
    approvers = approvers_of(facts, directory)
    return (
        _is_revoke_alone(facts)
        and bool(approvers)
        and (len(approvers) < facts.policy.quorum or approvers == (facts.requester,))
    )


def executors_of(facts: StepFacts, directory: Directory, tried: Iterable[str] = ()) -> tuple[str, ...]:
    """Tell whose npm account may make the call, the best first: who pressed last is present.

    Who lends their account without being a reviewer has approved the content too. The requester's own account is used
    only where no other who approved can write, or where the policy lets them approve.
    """
    if approvals_missing(facts, directory):
        return ()
    agreed = [one.person for one in reversed(facts.approvals) if one.fingerprint == facts.fingerprint]
    may_own = facts.requester in approvers_of(facts, directory)
    agreed = [person for person in dict.fromkeys(agreed) if person != facts.requester or may_own]
    writers = [person for person in agreed if can_write(person, facts, directory)]
    if not writers and can_write(facts.requester, facts, directory):
        writers = [facts.requester]
    refused = set(tried)
    return tuple(person for person in writers if directory.npm_users[person] not in refused)


def can_write(person: str, facts: StepFacts, directory: Directory) -> bool:
    """Tell whether somebody has an npm account that may change the package, and is here to use it."""
    npm_user = directory.npm_users.get(person)
    return bool(npm_user) and npm_user in facts.maintainers and person not in directory.gone
