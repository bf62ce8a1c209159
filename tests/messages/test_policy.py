# ruff: noqa: E501 -- what people read is not wrapped
import pytest
from inline_snapshot import snapshot

from bot.domain.approval import Denial, Reviewers
from bot.domain.policy import PackagePolicy
from bot.domain.policy_rules import Breach, Violation
from bot.messages.policy import (
    Explained,
    difference_words,
    explanation_as_text,
    people_words,
    render_policy,
    render_policy_broken,
    render_policy_refusal,
    render_revoked_alone,
    render_too_many_open,
    render_too_many_packages,
    words_of,
)
from tests.messages.examples import OLGA, OTTO, RITA
from tests.messages.reading import read

POLICY = PackagePolicy(
    reviewers=("maintainers", "S0SECURITY", f"!{OLGA}"),
    quorum=2,
    repositories=("acme/*",),
    line=12,
    packages=("@acme/*",),
)
EVIL = "<!channel> *x* `y`"


@pytest.mark.parametrize("breach", Breach)
def test_every_breach_says_what_to_change_and_outside_text_stays_text(breach: Breach) -> None:
    said = words_of(Violation(breach=breach, came=EVIL, allowed=(EVIL,)), POLICY)
    assert said.endswith((".", "minute.")) or "take the `deny` away." in said
    assert "<!channel>" not in said


def test_a_refusal_names_the_line_and_all_that_is_wrong() -> None:
    violations = [
        Violation(breach=Breach.REPOSITORY, came="github.com/evil/ui", allowed=("acme/*",)),
        Violation(breach=Breach.ENVIRONMENT_MISSING, allowed=("production",)),
    ]
    assert read(render_policy_refusal("@acme/ui", violations, POLICY, file="policy.toml")) == snapshot("""\
❌ Nothing was asked for. The policy does not allow it for @acme/ui (policy.toml, line 12).
• The repository `github.com/evil/ui` is not among `repositories`. Allowed: `acme/*`.
• An environment is required: add `--environment`. Allowed: `production`.\
""")


def test_a_change_is_told_by_what_changed() -> None:
    fewer = POLICY.model_copy(update={"quorum": 1, "self_approval": True, "line": 14})
    assert difference_words(POLICY, fewer, file="policy.toml") == snapshot(
        "The policy changed (policy.toml, line 14): quorum was 2, is 1; self_approval was no, is yes."
    )
    assert "no policy file is set any more" in difference_words(None, PackagePolicy(), file="")
    assert "another rule decides" in difference_words(POLICY, POLICY, file="policy.toml")


def test_the_people_of_a_list_are_named() -> None:
    assert people_words(("maintainers", "*", OTTO, "S0TEAM", f"!{OLGA}")) == (
        f"the linked maintainers, every full member, <@{OTTO}>, <!subteam^S0TEAM>, not <@{OLGA}>"
    )


def explained(policy: PackagePolicy = POLICY) -> Explained:
    return Explained(
        package="@acme/ui",
        policy=policy,
        file="policy.toml",
        reviewers=Reviewers(people=(OTTO,), unlinked=("ana-npm",), gone=(OLGA,)),
        maintainers=("otto-npm", "ana-npm"),
        source="public data",
        refused={RITA: Denial.NOT_LINKED},
    )


def test_a_policy_is_explained() -> None:
    assert read(render_policy(explained())) == snapshot("""\
The policy of @acme/ui (policy.toml, line 12)
Approve: 2 people of the linked maintainers, !subteam^S0SECURITY, not @U0OLGA
Ask: every full member
Repositories: `acme/*` · by `github`, `gitlab`, `circleci`
Workflow files: `*`
Environment: `*`
Permissions: `publish`, `stage` · unstated means publish
Waits 72 h
May approve now: @U0OTTO
Not linked yet: ana-npm
No active members any more: @U0OLGA
May not:
@U0RITA: has no npm account linked
(Owners at npm (public data): otto-npm, ana-npm)\
""")
    assert "⛔ Denied: frozen" in read(render_policy(explained(POLICY.model_copy(update={"deny": "frozen"}))))
    assert "No rule is about it" in read(render_policy(explained(PackagePolicy(is_missing=True))))
    loud = POLICY.model_copy(update={"revoke_alone": True, "share_window": False, "channel": "C0RELEASES"})
    told = read(render_policy(explained(loud)))
    assert "One linked maintainer may revoke alone" in told
    assert "No change set uses the minutes" in told


def test_a_policy_is_explained_in_a_terminal() -> None:
    told = explanation_as_text(explained())
    assert "@acme/ui: policy.toml, line 12" in told
    assert "quorum = 2" in told
    assert f"may not: {RITA} (has no npm account linked)" in told


def test_what_admins_and_requesters_are_told() -> None:
    assert read(render_policy_broken("policy.toml", "line 3 (rule 1): quorum: bad", rules=2)) == snapshot("""\
⚠️ The changed policy file cannot be used: policy.toml
line 3 (rule 1): quorum: bad
The last good one, with 2 rules, stays in force. Mend the file, and look at it with `npmtrust policy check`; I read it again when it changes.\
""")
    assert "revokes alone: C-7" in read(render_revoked_alone(7, by=OTTO, what="revoke it"))
    assert "lets you have 3" in read(render_too_many_open(3, 3, file="policy.toml"))
    assert "more than the 5 of the policy" in read(render_too_many_packages(4, 2, 5, file="policy.toml"))
