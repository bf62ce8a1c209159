"""What is told of real shapes of workflow files before anything is published through them."""

import pytest

from bot.domain.evidence import Evidence, EvidenceKind, PackageFacts
from bot.domain.preflight import Look, judge, place_of, summarise
from bot.domain.preflight_jobs import Topic
from bot.domain.preflight_views import CheckedPublisher, Origin, PackageCheck
from bot.domain.publish_commands import Guess
from bot.domain.publishers import CircleCI, GitHub, GitLab, Publisher
from bot.forge.documents import read_document
from bot.sandbox.forge_files import CALLED, GITLAB_GOOD, GOOD, OLD

UI = GitHub(repository="acme/ui", file="release.yml")
PRODUCTION = UI.model_copy(update={"environment": "production"})
WEB = GitLab(project="acme/web/ui", file=".gitlab-ci.yml")
CIRCLE = CircleCI(org_id="o", project_id="p", pipeline_definition_id="d-1", vcs_origin="github.com/acme/ui")


def facts(repository: str = "acme/ui", host: str = "github.com") -> PackageFacts:
    evidence = Evidence(kind=EvidenceKind.NONE)
    return PackageFacts(name="@acme/ui", repository=repository, repository_host=host, evidence=evidence)


def seen(text: str) -> Look:
    return Look(found=True, document=read_document(text))


def faults(publisher: Publisher, text: str) -> tuple[str, ...]:
    return summarise(judge(publisher, seen(text), None)).faults


def verdicts(publisher: Publisher, look: Look) -> dict[str, str]:
    return {point.topic.value: point.holds.value for point in judge(publisher, look, None)}


def job(body: str, *, head: str = "on: push") -> str:
    """Write a workflow of one job that may have a token."""
    return f"""\
{head}
jobs:
  publish:
    runs-on: ubuntu-latest
    permissions: {{id-token: write}}
{body}"""


def steps(*lines: str, node: str = "24") -> str:
    return job(
        f"    steps:\n      - uses: actions/setup-node@v5\n        with: {{node-version: '{node}'}}\n"
        + "".join(f"      - {line}\n" for line in lines)
    )


def test_a_workflow_as_npm_needs_it_has_no_faults() -> None:
    assert verdicts(UI, seen(GOOD)) == {
        "file": "yes",
        "starts": "yes",
        "publishes": "yes",
        "id_token": "yes",
        "runner": "yes",
        "node": "yes",
        "npm": "yes",
    }
    assert verdicts(WEB, seen(GITLAB_GOOD)) == {
        "file": "yes",
        "publishes": "yes",
        "id_token": "yes",
        "runner": "yes",
        "node": "yes",
        "npm": "yes",
    }


def test_every_fault_of_an_old_workflow_is_told_at_once() -> None:
    assert faults(UI, OLD) == (
        "The job publish does not ask for id-token: write, so it gets no token that npm takes.",
        "The job publish uses Node 20; npm needs 22.14 or later.",
        "The job publish uses the npm that comes with Node 20, which is too old; 11.5.1 or later is needed.",
    )
    assert faults(UI, CALLED) == (
        "release.yml runs only when another workflow calls it, and npm looks at the name of the one that calls.",
    )


@pytest.mark.parametrize(
    ("look", "told", "mend"),
    [
        (
            Look(names=("Release.yml", "ci.yml")),
            (
                "acme/ui has no release.yml in .github/workflows, on its default branch; there is Release.yml, and npm"
                " compares names exactly."
            ),
            "Did you mean Release.yml?",
        ),
        (
            Look(names=("ci.yml", "release.yaml")),
            (
                "acme/ui has no release.yml in .github/workflows, on its default branch; there is release.yaml, and npm"
                " compares names exactly."
            ),
            "Did you mean release.yaml?",
        ),
        (
            Look(names=("ci.yml", "docs.yml")),
            "acme/ui has no release.yml in .github/workflows, on its default branch.",
            "There is: ci.yml, docs.yml.",
        ),
        (
            Look(),
            "acme/ui has no release.yml in .github/workflows, on its default branch.",
            "Add the file before a version is published.",
        ),
        (
            Look(found=True, known_as="Acme/UI"),
            "github.com knows acme/ui as Acme/UI, and npm compares names exactly.",
            "Ask for it as Acme/UI.",
        ),
        (
            Look(found=True, known_as="acme/ui", broken="it is no valid YAML in line 3"),
            "release.yml of acme/ui cannot be understood: it is no valid YAML in line 3.",
            "Mend the file.",
        ),
    ],
)
def test_a_file_that_is_not_as_it_was_named_is_a_fault_with_what_was_meant(look: Look, told: str, mend: str) -> None:
    [point] = judge(UI, look, None)
    assert (point.topic, point.holds, point.says, point.mend) == (Topic.FILE, Guess.NO, told, mend)


def test_what_could_not_be_looked_at_is_no_fault() -> None:
    for publisher, look, told in (
        (
            UI,
            Look(unchecked="GitHub could not be reached"),
            "The workflow was not checked: GitHub could not be reached.",
        ),
        (UI, None, "The workflow was not checked: preflight is off (NPMTRUST_PREFLIGHT)."),
        (
            CIRCLE,
            None,
            "CircleCI keeps its pipeline definitions where I cannot read them: I have not checked this one.",
        ),
        (
            WEB.model_copy(update={"file": "release.yml"}),
            Look(names=(".gitlab-ci.yml",)),
            (
                "acme/web/ui has no release.yml at its top, on its default branch; it may lie in a folder, where I do"
                " not look."
            ),
        ),
    ):
        found = summarise(judge(publisher, look, None))
        assert (found.faults, found.unchecked) == ((), told)
    assert "acme/web/ui has no .gitlab-ci.yml at its top" in summarise(judge(WEB, Look(), None)).faults[0]
    assert place_of(CIRCLE) is None
    place = place_of(WEB)
    assert place is not None
    assert (place.repository, place.file, place.folder) == ("acme/web/ui", ".gitlab-ci.yml", "")


@pytest.mark.parametrize(
    ("publisher", "package", "fault"),
    [
        (UI, facts(), ()),
        (CIRCLE, facts(), ()),
        (UI, facts("acme/other"), ("The package itself names another repository: acme/other.",)),
        (UI, facts("acme/UI"), ("The package itself names another repository: acme/UI.",)),
        (UI, facts("acme/ui", "gitlab.com"), ("The package itself names a repository on gitlab.com: acme/ui.",)),
        (UI, facts("", ""), ("The package names no repository, and npm takes no provenance without.",)),
        (CIRCLE, facts("acme/x"), ("The package itself names another repository: github.com/acme/x.",)),
    ],
)
def test_the_repository_of_the_package_is_compared(
    publisher: Publisher, package: PackageFacts, fault: tuple[str, ...]
) -> None:
    unseen = Look(unchecked="GitHub could not be reached")
    assert summarise(judge(publisher, unseen, package)).faults == fault


TOKEN, ENVIRONMENT, RUNNER, NODE, NPM = "id_token", "environment", "runner", "node", "npm"


@pytest.mark.parametrize(
    ("text", "topic", "holds"),
    [
        # who asks for the token
        ("on: push\npermissions: write-all\njobs: {a: {steps: [{run: npm publish}]}}", TOKEN, "yes"),
        ("on: push\npermissions: {id-token: write}\njobs: {a: {steps: [{run: npm publish}]}}", TOKEN, "yes"),
        ("on: push\npermissions: read-all\njobs: {a: {steps: [{run: npm publish}]}}", TOKEN, "no"),
        ("on: push\npermissions:\njobs: {a: {steps: [{run: npm publish}]}}", TOKEN, "no"),
        ("on: push\npermissions: '${{ inputs.p }}'\njobs: {a: {steps: [{run: npm publish}]}}", TOKEN, "maybe"),
        (
            "on: push\npermissions: {id-token: '${{ inputs.p }}'}\njobs: {a: {steps: [{run: npm publish}]}}",
            TOKEN,
            "maybe",
        ),
        (
            (
                "on: push\npermissions: {id-token: write}\n"
                "jobs: {a: {permissions: {contents: read}, steps: [{run: npm publish}]}}"
            ),
            TOKEN,
            "no",
        ),
        ("on: push\njobs: {a: {uses: ./.github/workflows/x.yml}}", TOKEN, "maybe"),
        ("on: push\njobs: {a: {uses: o/r/.github/workflows/x.yml@v1}}", TOKEN, "maybe"),
        ("on: push\njobs: {a: {permissions: {id-token: write}, uses: o/r/.github/workflows/x.yml@v1}}", TOKEN, "yes"),
        # who runs it
        (job("    steps: [{run: npm publish}]"), RUNNER, "yes"),
        (job("    runs-on: self-hosted\n    steps: [{run: npm publish}]"), RUNNER, "no"),
        (job("    runs-on: [self-hosted, linux]\n    steps: [{run: npm publish}]"), RUNNER, "no"),
        (job("    runs-on: {labels: [self-hosted]}\n    steps: [{run: npm publish}]"), RUNNER, "no"),
        (job("    runs-on: depot-ubuntu-24.04-4\n    steps: [{run: npm publish}]"), RUNNER, "no"),
        (job("    runs-on: {group: large}\n    steps: [{run: npm publish}]"), RUNNER, "maybe"),
        (job("    runs-on: ${{ matrix.os }}\n    steps: [{run: npm publish}]"), RUNNER, "maybe"),
        # with which Node
        (steps("run: npm publish", node="22.x"), NODE, "yes"),
        (steps("run: npm publish", node="18"), NODE, "no"),
        (steps("run: npm publish", node="${{ matrix.node }}"), NODE, "maybe"),
        (steps("run: npm publish", node=">=18"), NODE, "maybe"),
        (
            job("    env: {N: 20}\n" + steps("run: npm publish", node="${{ env.N }}").partition("write}\n")[2]),
            NODE,
            "no",
        ),
        (
            job("    steps: [{uses: actions/setup-node@v5, with: {node-version-file: .nvmrc}}, {run: npm publish}]"),
            NODE,
            "maybe",
        ),
        # a step that is not always taken sets up nothing for certain
        (
            steps("{uses: actions/setup-node@v5, if: github.ref == 'x', with: {node-version: 20}}", "run: npm publish"),
            NODE,
            "maybe",
        ),
        # with which npm
        (steps("run: npm publish", node="22"), NPM, "no"),
        (steps("run: npm publish", node="24.4.0"), NPM, "no"),
        (steps("run: npm publish", node="24.5"), NPM, "yes"),
        (steps("run: npm install -g npm@latest", "run: npm publish", node="22"), NPM, "yes"),
        (steps("run: npm i -g npm", "run: npm publish", node="22"), NPM, "yes"),
        (steps("run: npm i -g npm@10", "run: npm publish"), NPM, "no"),
        (steps("run: npx npm@^11.5.1 publish", node="22"), NPM, "yes"),
        (steps("run: npm i -g npm@$NPM", "run: npm publish", node="22"), NPM, "maybe"),
        (steps("uses: ./.github/actions/setup", "run: npm publish", node="22"), NPM, "maybe"),
        (steps("run: pnpm publish -r", node="22"), NPM, "maybe"),
        (steps("run: npx semantic-release", node="22"), NPM, "maybe"),
        (steps("run: npm stage publish", node="24"), NPM, "maybe"),
        (steps("run: npm i -g npm@11.5.1 && npm stage publish"), NPM, "no"),
    ],
)
def test_what_a_workflow_of_github_says(text: str, topic: str, holds: str) -> None:
    assert verdicts(UI, seen(text))[topic] == holds


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        (job("    environment: production\n    steps: [{run: npm publish}]"), "yes"),
        (job("    environment: {name: production, url: x}\n    steps: [{run: npm publish}]"), "yes"),
        (job("    environment: Production\n    steps: [{run: npm publish}]"), "no"),
        (job("    steps: [{run: npm publish}]"), "no"),
        (job("    environment: ${{ inputs.e }}\n    steps: [{run: npm publish}]"), "maybe"),
        ("on: push\njobs: {a: {permissions: write-all, uses: ./.github/workflows/x.yml}}", "maybe"),
    ],
)
def test_the_environment_of_the_configuration_has_to_be_that_of_the_job(text: str, holds: str) -> None:
    assert verdicts(PRODUCTION, seen(text))[ENVIRONMENT] == holds
    assert ENVIRONMENT not in verdicts(UI, seen(text))


@pytest.mark.parametrize(
    ("step", "publishes"),
    [
        ("run: npm publish --provenance --access public", "yes"),
        ("run: npm --workspace a publish", "yes"),
        ("run: pnpm -r publish --no-git-checks", "yes"),
        ("run: yarn workspaces foreach -A npm publish", "yes"),
        ("run: npx changeset publish", "yes"),
        ("run: pnpm exec semantic-release", "yes"),
        ("run: npx lerna publish from-package --yes", "yes"),
        ("run: npx nx release publish", "yes"),
        ("run: npx np --yolo", "yes"),
        ("run: npx release-it --ci", "yes"),
        ("{uses: changesets/action@v1, with: {publish: pnpm release}}", "yes"),
        ("{uses: JS-DevTools/npm-publish@v4}", "yes"),
        ("run: npm run release", "maybe"),
        ("run: ./scripts/publish.sh", "maybe"),
        ("run: make ship", "maybe"),
        ("{uses: actions/github-script@v8}", "maybe"),
        ("{uses: ./.github/actions/ship}", "maybe"),
        ("{uses: changesets/action@v1}", "no"),
        ("{uses: googleapis/release-please-action@v4}", "no"),
        ("run: npm publish --dry-run", "no"),
        ("run: '# npm publish'", "no"),
        ("run: npm run build && npm test && git push", "no"),
        ("run: pnpm install --frozen-lockfile", "no"),
        ("name: nothing", "no"),
    ],
)
def test_what_publishes_and_what_may(step: str, publishes: str) -> None:
    assert verdicts(UI, seen(job(f"    steps:\n      - {step}\n")))["publishes"] == publishes


def test_of_several_jobs_the_one_that_fits_best_counts() -> None:
    text = (
        "on: [push, workflow_call]\njobs:\n"
        "  elsewhere: {runs-on: ubuntu-latest, steps: [{run: npm publish --registry https://example.com}]}\n"
        "  ours: {runs-on: ubuntu-latest, permissions: {id-token: write}, steps: [{run: npm publish}]}\n"
        "  no: nothing\n"
    )
    assert faults(UI, text) == ()
    assert faults(UI, "on: push\njobs: {test: {steps: [{run: npm test}]}}") == (
        "Nothing in release.yml publishes to npm, as far as I can see.",
    )


def test_what_a_check_shows_is_a_value() -> None:
    points = judge(UI, seen(OLD), facts())
    shown = PackageCheck(
        package="@acme/ui", checked=(CheckedPublisher(publisher=UI, origin=Origin.ATTESTED, points=points),)
    )
    assert PackageCheck.model_validate_json(shown.model_dump_json()) == shown
