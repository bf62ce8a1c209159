"""What is told of workflows that call others and use actions that are composed of steps."""

import pytest

from bot.domain.preflight import Look, judge
from bot.domain.preflight_jobs import Point
from bot.domain.publishers import GitHub
from bot.domain.workflow_files import MOST_FILES, Part, Reference, SeenFile
from bot.forge.documents import read_document
from bot.sandbox.forge_files import CALLER, GOOD, PREPARE, REUSABLE

UI = GitHub(repository="acme/ui", file="release.yml")
PRODUCTION = UI.model_copy(update={"environment": "production"})
CI = "acme/ci"
TOKEN, ENVIRONMENT, RUNNER, NODE, NPM = "id_token", "environment", "runner", "node", "npm"


def file(text: str, path: str = "publish.yml", repository: str = "acme/ui", ref: str = "") -> SeenFile:
    return SeenFile(reference=_reference(path, repository, ref), document=read_document(text))


def unread(why: str, path: str = "publish.yml", repository: str = "acme/ui", ref: str = "") -> SeenFile:
    return SeenFile(reference=_reference(path, repository, ref), unread=why)


def _reference(path: str, repository: str, ref: str) -> Reference:
    if path.endswith(".yml"):
        return Reference(part=Part.WORKFLOW, repository=repository, ref=ref, path=f".github/workflows/{path}")
    return Reference(part=Part.ACTION, repository=repository, ref=ref, path=path)


def points(text: str, *files: SeenFile, publisher: GitHub = UI) -> tuple[Point, ...]:
    return judge(publisher, Look(found=True, document=read_document(text), files=files), None)


def verdicts(text: str, *files: SeenFile, publisher: GitHub = UI) -> dict[str, str]:
    return {point.topic.value: point.holds.value for point in points(text, *files, publisher=publisher)}


def told(text: str, *files: SeenFile, publisher: GitHub = UI) -> list[str]:
    return [point.says for point in points(text, *files, publisher=publisher)]


def calling(
    more: str = "permissions: {id-token: write}", *, uses: str = "./.github/workflows/publish.yml", head: str = ""
) -> str:
    return f"on: push\n{head}jobs:\n  release:\n    uses: {uses}\n" + (f"    {more}\n" if more else "")


def called(job: str = "", *, head: str = "", on: str = "workflow_call", steps: str = "") -> str:
    return f"""\
on: {on}
{head}
jobs:
  publish:
    runs-on: ubuntu-latest
    {job}
    steps:
      - uses: actions/setup-node@v5
        with: {{node-version: 24}}
      {steps}
      - run: npm publish
"""


def test_a_called_workflow_and_an_action_stand_in_for_the_job_that_calls() -> None:
    files = file(REUSABLE), file(PREPARE, ".github/actions/prepare")
    assert told(CALLER, *files) == [
        "acme/ui has release.yml on its default branch.",
        "release.yml is started by itself.",
        "The job release / publish publishes.",
        "The job release / publish may get the token that npm asks for.",
        "The job release / publish runs on a GitHub-hosted runner.",
        "The job release / publish uses Node 24; npm needs 22.14 or later.",
        "The job release / publish uses the npm that comes with Node 24; 11.5.1 or later is needed.",
    ]
    assert "maybe" not in verdicts(CALLER, *files).values()
    old = CALLER.replace("node: 24", "node: 20")
    assert "The job release / publish uses Node 20; npm needs 22.14 or later." in told(old, *files)
    default = CALLER.replace("    with:\n      node: 24\n", "")
    assert verdicts(default, *files)[NPM] == "no"  # Node 22, by the default of the input
    assert "it uses none" in " ".join(told(CALLER, *files, publisher=PRODUCTION))


ASKS = "permissions: {id-token: write}"
ASKS_NOT = "permissions: {contents: read}"


@pytest.mark.parametrize(
    ("caller", "head", "job", "holds"),
    [
        # the caller has it, and the called one states nothing, the same, or less
        (ASKS, "", "", "yes"),
        (ASKS, "", ASKS, "yes"),
        (ASKS, ASKS, "", "yes"),
        (ASKS, "", ASKS_NOT, "no"),
        (ASKS, ASKS_NOT, "", "no"),
        (ASKS, ASKS_NOT, ASKS, "yes"),
        (ASKS, "", "permissions: write-all", "yes"),
        (ASKS, "", "permissions: '${{ vars.P }}'", "maybe"),
        # the caller has it not: who is called cannot take it
        (ASKS_NOT, "", "", "no"),
        (ASKS_NOT, "", ASKS, "no"),
        ("permissions: '${{ vars.P }}'", "", ASKS, "maybe"),
        # nobody states anything: by default there is none; a setting of the repository may allow what is asked for
        ("", "", "", "no"),
        ("", "", ASKS, "maybe"),
        ("", "", ASKS_NOT, "no"),
    ],
)
def test_a_called_workflow_gets_no_more_than_its_caller_gives(caller: str, head: str, job: str, holds: str) -> None:
    assert verdicts(calling(caller), file(called(job, head=head)))[TOKEN] == holds
    outer = calling(caller, uses="./.github/workflows/middle.yml")
    middle = calling("").replace("on: push", "on: workflow_call")
    assert verdicts(outer, file(middle, "middle.yml"), file(called(job, head=head)))[TOKEN] == holds


@pytest.mark.parametrize(
    ("caller", "job", "says", "mend"),
    [
        (
            ASKS,
            ASKS_NOT,
            "does not ask for id-token: write, so it gets no token that npm takes.",
            "Let the job release / publish ask for id-token: write.",
        ),
        (
            ASKS_NOT,
            ASKS,
            "does not get id-token: write from the job that calls it, so it gets no token that npm takes.",
            "Let the job release / publish get id-token: write from the job that calls it.",
        ),
        (
            "",
            ASKS_NOT,
            (
                "does not ask for id-token: write, as the job that calls it has to as well, so it gets no token that"
                " npm takes."
            ),
            "Let the job release / publish ask for id-token: write, as the job that calls it has to as well.",
        ),
    ],
)
def test_where_a_called_job_loses_the_token_is_where_it_is_mended(caller: str, job: str, says: str, mend: str) -> None:
    [token] = [point for point in points(calling(caller), file(called(job))) if point.topic.value == TOKEN]
    assert (token.says, token.mend) == (f"The job release / publish {says}", mend)


def test_what_a_file_gives_to_all_its_jobs_goes_to_those_it_calls_and_another_owner_may_share_the_enterprise() -> None:
    assert verdicts(calling("", head=f"{ASKS}\n"), file(called()))[TOKEN] == "yes"
    elsewhere = calling("", uses="other/ci/.github/workflows/publish.yml@v1")
    assert verdicts(elsewhere, file(called(ASKS), repository="other/ci", ref="v1"))[TOKEN] == "maybe"
    assert verdicts(elsewhere, file(called(), repository="other/ci", ref="v1"))[TOKEN] == "no"


INPUTS = "{workflow_call: {inputs: {e: {default: staging}, n: {}, r: {}, s: text}}}"


@pytest.mark.parametrize(
    ("given", "job", "topic", "holds"),
    [
        ("{e: production}", "environment: '${{ inputs.e }}'", ENVIRONMENT, "yes"),
        ("{}", "environment: '${{ inputs.e }}'", ENVIRONMENT, "no"),
        ("{E: production}", "environment: '${{ inputs.e }}'", ENVIRONMENT, "yes"),  # capitals make no difference
        ("{e: production}", "environment: '${{ inputs.E }}'", ENVIRONMENT, "yes"),
        ("{e: prod}", "environment: {name: '${{inputs.e}}uction'}", ENVIRONMENT, "yes"),
        ("{e: '${{ vars.E }}'}", "environment: '${{ inputs.e }}'", ENVIRONMENT, "maybe"),
        ("{e: [a]}", "environment: '${{ inputs.e }}'", ENVIRONMENT, "maybe"),
        (f"{{e: {'x' * 300}}}", "environment: '${{ inputs.e }}'", ENVIRONMENT, "maybe"),
        ("{e: a}", "environment: \"${{ inputs.e || 'production' }}\"", ENVIRONMENT, "maybe"),
        ("{x: production}", "environment: '${{ inputs.x }}'", ENVIRONMENT, "maybe"),  # it declares no such input
        ("text", "environment: '${{ inputs.n }}'", ENVIRONMENT, "no"),
        ("{r: self-hosted}", "runs-on: '${{ inputs.r }}'", RUNNER, "no"),
        ("{r: windows-2025}", "runs-on: '${{ inputs.r }}'", RUNNER, "yes"),
    ],
)
def test_inputs_are_put_in_where_they_are_used(given: str, job: str, topic: str, holds: str) -> None:
    text = calling(f"{ASKS}\n    with: {given}")
    assert verdicts(text, file(called(job, on=INPUTS)), publisher=PRODUCTION)[topic] == holds


def test_a_file_of_another_repository_is_judged_and_nothing_of_it_is_shown() -> None:
    uses = "acme/ci/.github/workflows/publish.yml@v1"
    old = called(f"environment: hush-env\n    {ASKS}", steps="- run: npm i -g npm@10.9.8").replace("24", "20.18.3")
    old = old.replace("publish:", "hush-job:").replace("ubuntu-latest", "buildjet-hush")
    assert told(calling(uses=uses), file(old, repository=CI, ref="v1"), publisher=PRODUCTION)[2:] == [
        "The job release (in acme/ci) publishes.",
        "The job release (in acme/ci) may get the token that npm asks for.",
        (
            "The job release (in acme/ci) does not use the environment production: it uses another, and npm compares"
            " exactly."
        ),
        "The job release (in acme/ci) runs on another runner, and npm takes GitHub-hosted runners only.",
        "The job release (in acme/ci) uses a Node that is too old; npm needs 22.14 or later.",
        "The job release (in acme/ci) takes an npm that is too old; 11.5.1 or later is needed.",
    ]
    plain = file(called().replace("24", "20.18.3"), repository=CI, ref="v1")
    assert "20.18.3" not in str(told(calling(uses=uses), plain))
    assert "uses the npm that comes with its Node, which is too old" in told(calling(uses=uses), plain)[-1]
    assert verdicts(calling(uses=uses), file(called(), repository=CI, ref="v2"))["publishes"] == "maybe"


def test_what_a_file_of_another_repository_refers_to_is_not_named() -> None:
    uses = "acme/ci/.github/workflows/publish.yml@v1"
    inner = calling("", uses="./.github/workflows/hush.yml").replace("on: push", "on: workflow_call")
    outer = file(inner.replace("release:", "hush:"), repository=CI, ref="v1")
    hush = {"path": "hush.yml", "repository": CI, "ref": "v1"}
    assert "The job release (in acme/ci) publishes." in told(calling(uses=uses), outer, file(called(), **hush))
    assert "I have not read all that acme/ci calls: it is private, or not there." in told(
        calling(uses=uses), outer, unread("it is private, or not there", **hush)
    )
    assert (
        "release.yml calls a workflow by way of acme/ci, which does not start on workflow_call, so GitHub does not run"
        " it."
    ) in told(calling(uses=uses), outer, file(GOOD, **hush))
    action = file(called(steps="- uses: ./hush"), repository=CI, ref="v1")
    assert "I have not read every action of the job release (in acme/ci): it is not there." in told(
        calling(uses=uses), action, unread("it is not there", "hush")
    )


@pytest.mark.parametrize(
    ("text", "files", "says"),
    [
        (
            calling(),
            (unread("it is no valid YAML in line 3"),),
            (
                "I have not read .github/workflows/publish.yml, which the job release calls: it is no valid YAML in"
                " line 3."
            ),
        ),
        (
            calling(uses="acme/ci/.github/workflows/publish.yml@v1"),
            (unread("it is private, or not there", repository=CI, ref="v1"),),
            (
                "I have not read .github/workflows/publish.yml of acme/ci at v1, which the job release calls: it is"
                " private, or not there."
            ),
        ),
        (
            calling(),
            (),
            "I have not read .github/workflows/publish.yml, which the job release calls: I have not looked for it.",
        ),
        (
            calling(),
            tuple(unread("", f"{n}.yml") for n in range(MOST_FILES)),
            "I have not read .github/workflows/publish.yml, which the job release calls: I read at most 20 files.",
        ),
        (
            calling(uses="../elsewhere.yml"),
            (),
            "I have not read what the job release calls: I cannot tell which file it is.",
        ),
        (
            calling(),
            (file(calling("").replace("push", "workflow_call")),),
            "I have not read .github/workflows/publish.yml, which the job release / release calls: it calls itself.",
        ),
        (
            "on: push\njobs: {release: {steps: [{uses: ./ship}, {run: npm publish}]}}",
            (unread("it is not there", "ship"),),
            "I have not read the action ship of the job release: it is not there.",
        ),
    ],
)
def test_a_file_that_was_not_read_is_named_and_leaves_the_doubt(
    text: str, files: tuple[SeenFile, ...], says: str
) -> None:
    assert says in told(text, *files)
    assert verdicts(text, *files)["parts"] == "maybe"
    assert "no" not in {point.holds for point in points(calling(), *files)}


def test_what_github_refuses_to_run_is_a_fault_with_the_way_out() -> None:
    gone = SeenFile(reference=_reference("publish.yml", "acme/ui", ""), is_missing=True)
    [*_, fault] = points(calling(), gone)
    assert fault.says == (
        "release.yml calls .github/workflows/publish.yml, which is not there on its default branch, so GitHub does not"
        " run it."
    )
    assert fault.mend == "Add the called file, or call one that is there."
    [*_, fault] = points(calling(), file(GOOD))
    assert fault.says.endswith("which does not start on workflow_call, so GitHub does not run it.")
    assert fault.mend == "Add workflow_call to what starts the called file."
    beside = calling() + "  own: {runs-on: ubuntu-latest, steps: [{run: npm publish}]}\n"
    assert verdicts(beside, gone)["parts"] == "no"
    assert "The job own publishes." in told(beside, gone)
    at = calling(uses="acme/ui/.github/workflows/publish.yml@v9")
    gone_at = SeenFile(reference=_reference("publish.yml", "acme/ui", "v9"), is_missing=True)
    assert "publish.yml at v9, which is not there on v9, so GitHub" in told(at, gone_at)[-1]


def test_calls_are_followed_as_deep_as_github_connects_them() -> None:
    middle = [
        file(calling("", uses=f"./.github/workflows/{n + 1}.yml").replace("push", "workflow_call"), f"{n}.yml")
        for n in range(1, 10)
    ]
    chain = [*middle, file(called(), "10.yml")]
    eight = calling(uses="./.github/workflows/2.yml")
    assert verdicts(eight, *chain)["publishes"] == "yes"
    assert "calls: calls are nested too deeply." in " ".join(told(calling(uses="./.github/workflows/1.yml"), *chain))


def action(steps: str, *, using: str = "composite", inputs: str = "{}") -> str:
    return f"name: Ship\ninputs: {inputs}\nruns: {{using: {using}, steps: [{steps}]}}\n"


SHIP = "on: push\njobs: {{release: {{runs-on: ubuntu-latest, permissions: {{id-token: write}}, steps: [{}]}}}}"


@pytest.mark.parametrize(
    ("steps", "files", "publishes", "npm"),
    [
        ("{uses: ./ship}", (file(action("{run: npm publish}"), "ship"),), "yes", "maybe"),
        ("{uses: ./ship/}", (file(action("{run: npm test}"), "ship"),), "no", None),
        ("{uses: ./}", (file(action("{run: npm publish}"), ""),), "yes", "maybe"),
        # what the steps of an action set up counts where they stand
        (
            "{uses: ./node, with: {v: 24}}, {run: npm publish}",
            (
                file(
                    action("{uses: actions/setup-node@v5, with: {node-version: '${{ inputs.v }}'}}", inputs="{v: }"),
                    "node",
                ),
            ),
            "yes",
            "yes",
        ),
        # an action in an action, and one that uses itself
        (
            "{uses: ./ship}",
            (file(action("{uses: ./inner}"), "ship"), file(action("{run: npm publish}"), "inner")),
            "yes",
            "maybe",
        ),
        ("{uses: ./ship}", (file(action("{uses: ./ship}"), "ship"),), "maybe", "maybe"),
        # programs stay unknown
        ("{uses: ./ship}", (file(action("", using="node24"), "ship"),), "maybe", "maybe"),
        ("{uses: ./ship}", (file("runs: text", "ship"),), "maybe", "maybe"),
        # those of the same owner are read, those of others are not
        ("{uses: acme/ship@v1}", (file(action("{run: npm publish}"), "", "acme/ship", "v1"),), "yes", "maybe"),
        ("{uses: other/ship@v1}", (file(action("{run: npm publish}"), "", "other/ship", "v1"),), "maybe", "maybe"),
    ],
)
def test_an_action_that_is_composed_of_steps_stands_in_for_its_step(
    steps: str, files: tuple[SeenFile, ...], publishes: str, npm: str | None
) -> None:
    found = verdicts(SHIP.format(steps), *files)
    assert (found["publishes"], found.get(NPM)) == (publishes, npm)


def test_values_of_an_action_elsewhere_are_not_shown_and_its_job_is() -> None:
    foreign = action("{uses: actions/setup-node@v5, with: {node-version: 20.18.3}}, {uses: ./hush}, {run: npm publish}")
    text = SHIP.format("{uses: acme/ship/npm@v1}")
    found = told(text, file(foreign, "npm", "acme/ship", "v1"), unread("it is not there", "hush"))
    assert "The job release publishes." in found
    assert "I have not read every action of the job release: it is not there." in found
    assert "The job release uses a Node that is too old; npm needs 22.14 or later." in found
    unsure = action("{run: npm i -g npm@$HUSH && npm publish}")
    found = told(text, file(unsure, "npm", "acme/ship", "v1"))
    assert "The job release takes an npm that I cannot judge; 11.5.1 or later is needed." in found


def test_a_few_lines_that_stand_for_thousands_of_jobs_end_in_doubt() -> None:
    def many(target: str, count: int = 400, on: str = "workflow_call") -> str:
        jobs = "".join(f"  j{n}: {{uses: ./.github/workflows/{target}.yml}}\n" for n in range(count))
        return f"on: {on}\njobs:\n{jobs}"

    files = file(many("b"), "a.yml"), file(many("c"), "b.yml"), file(called(), "c.yml")
    assert "The job j0 / j0 / j0 / publish publishes." in told(many("a", on="push"), *files)
    long = f"- run: '{'x ' * 200_000}'"
    found = told(many("a", 9, on="push"), file(called(steps=long), "a.yml"))
    assert "which the job j1 calls: it is more than anybody would write." in " ".join(found)
    act = file(action(f"{{run: '{'x ' * 200_000}'}}"), "a")
    assert "maybe" in verdicts(SHIP.format("{uses: ./a}, " * 9 + "{run: npm publish}"), act).values()
    bomb = "{uses: ./a}, " * 300
    acts = file(action(bomb.replace("./a", "./b")), "a"), file(action(bomb.replace("./a", "./c")), "b")
    assert verdicts(SHIP.format(bomb), *acts, file(action(bomb), "c"))["publishes"] == "maybe"
