"""`npmtrust policy explain`, beside a bot that runs."""

from pathlib import Path

import pytest

from bot.policy_cli import Asked, explain_policy
from bot.sandbox.cast import OWNER, REQUESTER
from tests.scenarios.asking import people
from tests.scenarios.policies import OWNERS, world_with_policy

pytestmark = pytest.mark.anyio
SCOPED = OWNERS.replace('repositories = ["*"]', 'repositories = ["acme/*"]')


async def test_the_rule_that_decides_and_why_each_other_may_not(migrated: Path) -> None:
    async with world_with_policy(migrated, SCOPED) as world:
        _, otto, _, sam = people(world)
        await otto.links_account()
        await sam.links_account()
        assert world.app is not None
        fields = {"repo": ("evil/ui",), "file": ("release.yml",)}
        told = await explain_policy(
            world.app.services, Asked("@acme/ui", REQUESTER.slack_id, provider="github", fields=fields)
        )
    assert "@acme/ui: policy.toml, line 2" in told
    assert "not allowed: The repository `github.com/evil/ui` is not among" in told
    assert f"may approve now: {OWNER.slack_id}" in told
    assert f"may not: {REQUESTER.slack_id} (would be their own request)" in told
    assert f"may not: {sam.id} (no reviewer of this package)" in told
    assert "not linked: olga-npm" in told
