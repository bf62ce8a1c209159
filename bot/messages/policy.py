"""What the policy says, in words: why something is refused, who may decide, and what changed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from html import unescape

from bot.domain.approval import Denial, Reviewers
from bot.domain.policy import DECISIVE, EVERYBODY, MAINTAINERS, PackagePolicy
from bot.domain.policy_rules import Breach, Violation
from bot.messages._blocks import answer, context, message, section
from bot.messages._text import bold, count, mention, mention_channel, mentions, names, safe, typed
from bot.messages._words import package_words
from bot.messages.message import Message

_NOT_STAGED = "Nothing was asked for."
_TABLE = "`[[rule]]`"


@dataclass(frozen=True, slots=True)
class Explained:
    """The policy of one package, and what follows from it now."""

    package: str
    policy: PackagePolicy
    file: str
    reviewers: Reviewers
    maintainers: tuple[str, ...] = ()
    """npm users."""
    source: str = ""
    """Where the owners are from, as words."""
    violations: tuple[Violation, ...] = ()
    refused: Mapping[str, Denial] = field(default_factory=dict)
    """Why each other person may not approve, by Slack id."""
    requester: str = ""
    """Slack id of who would ask."""


def render_policy_refusal(
    package: str, violations: Iterable[Violation], policy: PackagePolicy, *, file: str
) -> Message:
    """Say why the policy does not let something be asked for, and what to change."""
    lines = [f"❌ {bold(_NOT_STAGED)} The policy does not allow it for {_name(package)} ({place(policy, file)})."]
    lines += [f"• {words_of(violation, policy)}" for violation in violations]
    return answer(*lines)


def refusal_detail(violation: Violation, policy: PackagePolicy, *, file: str) -> str:
    """Say the same shortly, as text, where many packages are told of together."""
    words = "You may not ask for it." if violation.breach is Breach.REQUESTER else words_of(violation, policy)
    sentence = unescape(words.replace("`", "")).partition(". ")[0].rstrip(".")
    return f"{sentence}: {unescape(place(policy, file))}"


def place(policy: PackagePolicy, file: str) -> str:
    """Name where a rule stands: `policy.toml, line 12`."""
    if not file:
        return "no policy file is set"
    return f"{safe(file, 100)}, line {policy.line}" if policy.line else f"{safe(file, 100)}, no rule"


def words_of(violation: Violation, policy: PackagePolicy) -> str:
    """Say one thing that is not allowed, and what to change."""
    came, allowed = typed(violation.came, 200), _listed(violation.allowed) or "nothing"
    sentences = {
        Breach.NO_RULE: f"No rule is about this package. Add a {_TABLE} with it in `packages`.",
        Breach.DENIED: f"It is denied: {safe(violation.came)}. Whoever keeps the policy can take the `deny` away.",
        Breach.NO_REVIEWER: (
            "The rule names no `reviewers`, so nobody could approve. Name some, such as `maintainers`."
        ),
        Breach.NO_QUORUM: "The rule names no `quorum`, so no approval suffices. Set how many people must approve.",
        Breach.QUORUM_TOO_HIGH: (
            f"{policy.quorum} people must approve, and only {safe(violation.came)} could. Lower `quorum`, or name"
            " more `reviewers`."
        ),
        Breach.NO_REPOSITORY: "The rule names no `repositories`, so none may publish. Name them, such as `acme/*`.",
        Breach.REQUESTER: f"You may not ask for it: `requesters` are {people_words(violation.allowed) or 'nobody'}.",
        Breach.GROUP_UNKNOWN: f"Slack does not tell now who is in the user group {came}. Try again in a minute.",
        Breach.REPOSITORY: f"The repository {came} is not among `repositories`. Allowed: {allowed}.",
        Breach.PROVIDER: f"The provider {came} is not among `providers`. Allowed: {allowed}.",
        Breach.WORKFLOW_FILE: f"The workflow file {came} is not among `workflow_files`. Allowed: {allowed}.",
        Breach.ENVIRONMENT_MISSING: f"An environment is required: add `--environment`. Allowed: {allowed}.",
        Breach.ENVIRONMENT: f"The environment {came} is not among `environments`. Allowed: {allowed}.",
        Breach.PERMISSION: f"The permission {came} is not among `permissions`. Allowed: {allowed}.",
        Breach.UNSTATED: (
            "A permission must be named: add `--allow-publish` or `--allow-stage-publish` to the line. Allowed:"
            f" {allowed}."
        ),
    }
    return sentences[violation.breach]


def difference_words(old: PackagePolicy | None, new: PackagePolicy, *, file: str) -> str:
    """Say what changed between the policy that decided and the one in force, plain."""
    where = f"{file}, line {new.line}" if new.line else file or "no policy file is set any more"
    if old is None:
        return f"The policy changed ({where})."
    told = [
        f"{name} was {_value(getattr(old, name))}, is {_value(getattr(new, name))}"
        for name in sorted(DECISIVE)
        if getattr(old, name) != getattr(new, name)
    ]
    return f"The policy changed ({where}): {'; '.join(told) or 'another rule decides'}."


def people_words(entries: Iterable[str]) -> str:
    """Name the people of a list, as markup."""
    return ", ".join(_entry(entry) for entry in entries)


def render_policy(explained: Explained) -> Message:
    """Show the rule that decides about a package, who may approve now, and why each other may not."""
    head = f"{bold(f'The policy of {_name(explained.package)}')} ({place(explained.policy, explained.file)})"
    lines = [*_terms(explained), *_who(explained)]
    owners = f"Owners at npm ({explained.source}): {names(explained.maintainers, 20) or 'nobody'}"
    return message(head, section(head, *lines), *_refused(explained), context(owners))


def _terms(explained: Explained) -> list[str]:
    policy = explained.policy
    if policy.is_missing:
        return [f"No rule is about it, so nothing can be asked for. Add a {_TABLE} with it in `packages`."]
    if policy.deny:
        return [f"⛔ Denied: {safe(policy.deny, 300)}"]
    own = " · requesters may approve their own" if policy.self_approval else ""
    required = "required, " if policy.environment_required else ""
    lines = [
        f"Approve: {count(policy.quorum, 'person', 'people')} of {people_words(policy.reviewers) or 'nobody'}{own}",
        f"Ask: {people_words(policy.requesters) or 'nobody'}",
        f"Repositories: {_listed(policy.repositories) or 'none'} · by {_listed(policy.providers) or 'nobody'}",
        f"Workflow files: {_listed(policy.workflow_files) or 'none'}",
        f"Environment: {required}{_listed(policy.environments) or 'none'}",
        f"Permissions: {_listed(policy.permissions) or 'none'} · unstated means {policy.unstated_permission.value}",
        f"Waits {policy.expires_after_hours:g} h"
        + (f" · goes to {mention_channel(policy.channel)}" if policy.channel else ""),
    ]
    if policy.revoke_alone:
        lines.append("One linked maintainer may revoke alone; the admins are told.")
    if not policy.share_window:
        lines.append("No change set uses the minutes after the confirmation of another.")
    return lines


def _who(explained: Explained) -> list[str]:
    reviewers = explained.reviewers
    lines = [f"• {words_of(violation, explained.policy)}" for violation in explained.violations]
    lines.append(f"{bold('May approve now:')} {mentions(reviewers.people) or 'nobody'}")
    if reviewers.are_admins:
        lines.append("The requester is the only owner, so the admins review.")
    if reviewers.unlinked:
        lines.append(f"Not linked yet: {names(reviewers.unlinked)}")
    if reviewers.gone:
        lines.append(f"No active members any more: {mentions(reviewers.gone)}")
    return lines


def _refused(explained: Explained) -> list[dict[str, object]]:
    told = [f"{mention(person)}: {_WHY[denial]}" for person, denial in list(explained.refused.items())[:_MOST_PEOPLE]]
    return [section(bold("May not:"), *told)] if told else []


_MOST_PEOPLE = 30
_WHY: Mapping[Denial, str] = {
    Denial.NOT_ACTIVE: "deactivated in Slack",
    Denial.BOT: "a bot",
    Denial.GUEST: "a guest",
    Denial.OTHER_WORKSPACE: "of another Slack",
    Denial.OWN_REQUEST: "would be their own request",
    Denial.NOT_A_REVIEWER: "no reviewer of this package",
    Denial.NOT_LINKED: "has no npm account linked",
    Denial.LINK_PENDING: "an admin must first confirm their npm account",
    Denial.FORBIDDEN: "nobody may",
    Denial.GROUP_UNKNOWN: "Slack does not tell who is in the user group",
}


def explanation_as_text(explained: Explained) -> str:
    """Tell the same for a terminal, plain."""
    policy = explained.policy
    lines = [f"{explained.package}: {place(policy, explained.file)}"]
    if policy.line:
        lines.append(f"  packages = {list(policy.packages)}")
    lines += [f"  {name} = {_value(getattr(policy, name))}" for name in _SHOWN if getattr(policy, name) not in ("", ())]
    lines += [f"  not allowed: {words_of(violation, policy)}" for violation in explained.violations]
    lines.append(f"  owners ({explained.source}): {', '.join(explained.maintainers) or 'nobody'}")
    lines.append(f"  may approve now: {', '.join(explained.reviewers.people) or 'nobody'}")
    lines += [f"  not linked: {name}" for name in explained.reviewers.unlinked]
    lines += [f"  no active member: {person}" for person in explained.reviewers.gone]
    lines += [f"  may not: {person} ({_WHY[denial]})" for person, denial in explained.refused.items()]
    return "\n".join(lines)


_SHOWN = (
    "deny",
    "reviewers",
    "quorum",
    "requesters",
    "self_approval",
    "repositories",
    "providers",
    "workflow_files",
    "environment_required",
    "environments",
    "permissions",
    "unstated_permission",
    "channel",
    "expires_after_hours",
    "share_window",
    "revoke_alone",
    "renew",
)


def render_policy_broken(file: str, problem: str, *, rules: int) -> Message:
    """Tell an admin that a changed policy file is not used; `rules`: how many the one has that is in force."""
    text = f"⚠️ {bold('The changed policy file cannot be used')}: {safe(file, 100)}"
    return answer(
        text,
        safe(problem, 1500),
        f"The last good one, with {count(rules, 'rule')}, stays in force. Mend the file, and look at it with"
        " `npmtrust policy check`; I read it again when it changes.",
    )


def render_too_many_open(are_open: int, most: int, *, file: str) -> Message:
    """The requester has as many open change sets as the policy lets them."""
    return answer(
        f"❌ {bold(_NOT_STAGED)} {count(are_open, 'request')} of yours are open, and the policy ({safe(file, 100)})"
        f" lets you have {most}.",
        "Wait for one to end, or `cancel` one; then ask again. Whoever keeps the policy can raise `open_change_sets`.",
    )


def render_too_many_packages(asked: int, wanted: int, most: int, *, file: str) -> Message:
    """The requester has asked for as many packages within a day as the policy lets them."""
    return answer(
        f"❌ {bold(_NOT_STAGED)} You asked for {count(asked, 'package')} within 24 hours; with these {wanted} it would"
        f" be more than the {most} of the policy ({safe(file, 100)}).",
        "Ask for fewer, or later. Whoever keeps the policy can raise `packages_a_day`.",
    )


def render_revoked_alone(number: int, *, by: str, what: str) -> Message:
    """Tell loudly that a revoke has one approval, since the policy lets it."""
    return answer(
        f"📣 {bold(f'{mention(by)} revokes alone: C-{number}')}",
        f"{safe(what, 500)}. The policy lets one maintainer revoke alone. `status C-{number}` shows it; the admins can"
        " cancel it as long as npm was not called.",
    )


def _entry(entry: str) -> str:
    negation, name = ("not ", entry[1:]) if entry.startswith("!") else ("", entry)
    if name == MAINTAINERS:
        return "the linked maintainers"
    if name == EVERYBODY:
        return "every full member"
    return negation + (f"<!subteam^{name}>" if name[0] == "S" else mention(name))


def _listed(values: Iterable[str]) -> str:
    return ", ".join(typed(value, 100) for value in values)


def _value(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "empty"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value) or "empty"


def _name(package: str) -> str:
    return safe(package_words(package), 214) or "the package"
