"""Pipelines of GitLab, and documents that nobody would write."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.preflight import Look, judge
from bot.domain.preflight_jobs import MOST_JOBS
from bot.domain.publish_commands import Guess
from bot.domain.publishers import GitHub, GitLab, Publisher
from bot.forge.documents import read_document

UI = GitHub(repository="acme/ui", file="release.yml")
PRODUCTION = UI.model_copy(update={"environment": "production"})
WEB = GitLab(project="acme/web/ui", file=".gitlab-ci.yml")
TOKEN, ENVIRONMENT, RUNNER, NODE, NPM = "id_token", "environment", "runner", "node", "npm"


def verdicts(publisher: Publisher, text: str) -> dict[str, str]:
    look = Look(found=True, document=read_document(text))
    return {point.topic.value: point.holds.value for point in judge(publisher, look, None)}


def pipeline(body: str, head: str = "") -> str:
    return f"{head}publish:\n  image: node:24\n  script: [npm publish]\n{body}"


IDS = "  id_tokens: {NPM_ID_TOKEN: {aud: 'npm:x'}}\n"


@pytest.mark.parametrize(
    ("text", "topic", "holds"),
    [
        (pipeline(IDS), TOKEN, "yes"),
        (pipeline("  id_tokens: {NPM_ID_TOKEN: {aud: ['sigstore', 'npm:x']}}\n"), TOKEN, "yes"),
        (pipeline("  id_tokens: {NPM_ID_TOKEN: {aud: $AUDIENCE}}\n"), TOKEN, "maybe"),
        (pipeline("  id_tokens: {NPM_ID_TOKEN: {aud: sigstore}}\n"), TOKEN, "no"),
        (pipeline("  id_tokens: {TOKEN: {aud: 'npm:x'}}\n"), TOKEN, "no"),
        (pipeline("  id_tokens: {NPM_ID_TOKEN: text}\n"), TOKEN, "no"),
        (pipeline(""), TOKEN, "no"),
        (pipeline("", f"default:\n{IDS}"), TOKEN, "yes"),
        (pipeline("  extends: .base\n", f".base:\n{IDS}"), TOKEN, "yes"),
        (pipeline("  extends: [.base, 3]\n", f".base:\n  extends: .base\n{IDS}"), TOKEN, "yes"),
        (pipeline("  extends: .elsewhere\n"), TOKEN, "maybe"),
        # what stands for a part of another job may be anything
        (pipeline("  id_tokens: !reference [.base, id_tokens]\n"), TOKEN, "maybe"),
        (pipeline("  id_tokens: {NPM_ID_TOKEN: !reference [.base, id_tokens, NPM_ID_TOKEN]}\n"), TOKEN, "maybe"),
        (pipeline("  id_tokens: {NPM_ID_TOKEN: {aud: !reference [.base, variables, AUD]}}\n"), TOKEN, "maybe"),
        (pipeline("  id_tokens: text\n"), TOKEN, "no"),
        # a job may do without what all jobs have
        (pipeline("  inherit: {default: false}\n", f"default:\n{IDS}"), TOKEN, "no"),
        (pipeline("  inherit: {default: False}\n", f"default:\n{IDS}"), TOKEN, "no"),
        (pipeline("  inherit: {default: [image]}\n", f"default:\n{IDS}"), TOKEN, "no"),
        (pipeline("  inherit: {default: [id_tokens]}\n", f"default:\n{IDS}"), TOKEN, "yes"),
        (pipeline("  inherit: {variables: false}\n", f"default:\n{IDS}"), TOKEN, "yes"),
        (pipeline("", "include: [{local: other.yml}]\n"), TOKEN, "maybe"),
        (pipeline("  tags: [saas-linux-small-amd64]\n"), RUNNER, "yes"),
        (pipeline("  tags: [ours]\n"), RUNNER, "maybe"),
        (pipeline("  tags: [self-managed]\n"), RUNNER, "no"),
        (pipeline("  image: {name: 'node:20-alpine'}\n"), NODE, "no"),
        (pipeline("  image: ours/builder\n"), NODE, "maybe"),
        (pipeline("  image: node:22\n"), NPM, "no"),
        (pipeline("  image: node:22\n  before_script: [[npm i -g npm@latest]]\n"), NPM, "yes"),
        (pipeline("  script: [npm test]\n"), "publishes", "no"),
        (pipeline("  script: [npm test]\n", "include: other.yml\n"), "publishes", "maybe"),
        (pipeline("  script: [!reference [.a, script]]\n"), "publishes", "maybe"),
        (pipeline("  script: []\n  trigger: {include: x.yml}\n"), "publishes", "maybe"),
        (".hidden: {script: [npm publish]}\nstages: [a]\nvariables: {script: npm publish}\n", "publishes", "no"),
    ],
)
def test_what_a_pipeline_of_gitlab_says(text: str, topic: str, holds: str) -> None:
    assert verdicts(WEB, text)[topic] == holds


def test_of_more_jobs_than_are_read_it_cannot_be_told_that_none_publishes() -> None:
    many = "".join(f"j{n}: {{script: [npm test]}}\n" for n in range(MOST_JOBS))
    assert verdicts(WEB, many + pipeline(IDS))["publishes"] == "maybe"
    assert verdicts(WEB, many.replace("j0: ", ".j0: "))["publishes"] == "no"


@pytest.mark.parametrize(
    ("body", "holds"),
    [
        ("  environment: production\n", "yes"),
        ("  environment: {name: production}\n", "yes"),
        ("  environment: $E\n", "maybe"),
        ("  environment: !reference [.base, environment]\n", "maybe"),
        ("", "no"),
        ("  extends: .elsewhere\n", "maybe"),
    ],
)
def test_the_environment_of_a_pipeline(body: str, holds: str) -> None:
    publisher = WEB.model_copy(update={"environment": "production"})
    assert verdicts(publisher, pipeline(IDS + body))[ENVIRONMENT] == holds


WORDS = st.sampled_from(
    [
        "on",
        "jobs",
        "steps",
        "run",
        "uses",
        "with",
        "permissions",
        "id-token",
        "write",
        "environment",
        "name",
        "runs-on",
        "node-version",
        "script",
        "id_tokens",
        "extends",
        "image",
        "tags",
        "aud",
        "NPM_ID_TOKEN",
        "default",
        "include",
        "trigger",
        "workflow_call",
        "labels",
        "env",
        "x",
        "actions/setup-node@v4",
        "npm publish",
        "${{ env.x }}",
        "",
    ]
)
TEXTS = WORDS | st.text(max_size=8)
TREES = st.recursive(
    TEXTS | st.none(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=5),
    max_leaves=25,
)


@given(st.dictionaries(TEXTS, TREES, max_size=6), st.sampled_from([UI, PRODUCTION, WEB]))
def test_no_document_trips_the_judgement_up(document: dict[str, Any], publisher: Publisher) -> None:
    points = judge(publisher, Look(found=True, document=document), None)
    assert points[0].holds is Guess.YES
    assert all(point.says for point in points)
    assert all(bool(point.mend) <= (point.holds is Guess.NO) for point in points)
