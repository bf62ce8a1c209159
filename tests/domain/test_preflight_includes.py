"""What is told of pipelines that include other files."""

import pytest

from bot.domain.preflight import Look, judge
from bot.domain.preflight_jobs import Point
from bot.domain.publishers import GitLab
from bot.domain.workflow_files import MOST_FILES, Part, Reference, SeenFile
from bot.forge.documents import read_document
from bot.sandbox.forge_files import GITLAB_GOOD

WEB = GitLab(project="acme/web/ui", file=".gitlab-ci.yml")
PRODUCTION = WEB.model_copy(update={"environment": "production"})
TOKEN, ENVIRONMENT, RUNNER, NODE, NPM = "id_token", "environment", "runner", "node", "npm"
IDS = "id_tokens: {NPM_ID_TOKEN: {aud: 'npm:x'}}"
JOB = f"publish: {{image: 'node:24', script: [npm publish], {IDS}}}\n"


def reference(path: str, project: str = "acme/web/ui", ref: str = "") -> Reference:
    return Reference(part=Part.INCLUDE, repository=project, ref=ref, path=path)


def file(text: str, path: str = "ci.yml", project: str = "acme/web/ui", ref: str = "") -> SeenFile:
    return SeenFile(reference=reference(path, project, ref), document=read_document(text))


def points(text: str, *files: SeenFile, publisher: GitLab = WEB) -> tuple[Point, ...]:
    return judge(publisher, Look(found=True, document=read_document(text), files=files), None)


def verdicts(text: str, *files: SeenFile, publisher: GitLab = WEB) -> dict[str, str]:
    return {point.topic.value: point.holds.value for point in points(text, *files, publisher=publisher)}


def told(text: str, *files: SeenFile, publisher: GitLab = WEB) -> list[str]:
    return [point.says for point in points(text, *files, publisher=publisher)]


@pytest.mark.parametrize(
    "include",
    [
        "ci.yml",
        "/ci.yml",
        "[ci.yml]",
        "{local: ci.yml}",
        "[{local: /ci.yml}]",
        "{project: acme/web/ui, file: ci.yml}",
        "[{project: acme/web/ui, file: [/ci.yml]}]",
    ],
)
def test_each_form_of_include_is_read(include: str) -> None:
    found = told(f"include: {include}\n", file(GITLAB_GOOD))
    assert found[:3] == [
        "acme/web/ui has .gitlab-ci.yml on its default branch.",
        "The job publish publishes.",
        "The job publish may get the token that npm asks for.",
    ]
    assert "maybe" not in verdicts(f"include: {include}\n", file(GITLAB_GOOD)).values()


@pytest.mark.parametrize(
    ("text", "files", "topic", "holds"),
    [
        # mappings are merged at any depth, and what includes wins
        (f"include: ci.yml\npublish: {{{IDS}}}\n", ["publish: {script: [npm publish]}"], TOKEN, "yes"),
        (
            "include: ci.yml\npublish: {id_tokens: {OTHER: {aud: a}}}\n",
            [f"publish: {{script: [npm publish], {IDS}}}"],
            TOKEN,
            "yes",
        ),
        ("include: ci.yml\npublish: {image: 'node:20'}\n", [JOB], NODE, "no"),
        ("include: ci.yml\npublish: {script: [npm test]}\n", [JOB], "publishes", "no"),
        ("include: ci.yml\ndefault: {image: 'node:24'}\n", ["publish: {script: [npm publish]}"], NODE, "yes"),
        # of two files the latter counts, whichever way it comes
        (
            "include: [ci.yml, 1.yml]\n",
            [JOB, "publish: {image: 'node:20'}"],
            NODE,
            "no",
        ),
        ("include: [1.yml, ci.yml]\n", [JOB, "publish: {image: 'node:20'}"], NODE, "yes"),
        # `extends` is resolved over the whole, and merges likewise
        (
            "include: ci.yml\npublish: {extends: .base, script: [npm publish]}\n",
            [f".base: {{{IDS}}}"],
            TOKEN,
            "yes",
        ),
        (
            f"publish: {{extends: .base, script: [npm publish], {IDS}}}\n.base: {{id_tokens: {{OTHER: {{aud: a}}}}}}\n",
            [],
            TOKEN,
            "yes",
        ),
        (
            (
                "publish: {extends: [.a, .b], script: [npm publish], image: {entrypoint: x}}\n"
                ".a: {image: {name: 'node:20'}}\n.b: {image: {name: 'node:24'}}\n"
            ),
            [],
            NODE,
            "yes",
        ),
        # files in files
        ("include: ci.yml\n", ["include: 1.yml", JOB], TOKEN, "yes"),
        # what is there for certain is judged for certain
        ("include: ci.yml\npublish: {script: [npm publish]}\n", ["stages: [a]"], TOKEN, "no"),
        # inputs, by what is given and by default
        (
            "include: {local: ci.yml, inputs: {node: 20}}\n",
            ["spec: {inputs: {node: {default: 24}}}\n---\n" + JOB.replace("node:24", "node:$[[ inputs.node ]]")],
            NODE,
            "no",
        ),
        (
            "include: {local: ci.yml}\n",
            ["spec: {inputs: {node: {default: 24}}}\n---\n" + JOB.replace("node:24", "node:$[[inputs.node]]")],
            NODE,
            "yes",
        ),
        (
            "include: {local: ci.yml}\n",
            ["spec: {inputs: {node: }}\n---\n" + JOB.replace("node:24", "node:$[[ inputs.node ]]")],
            NODE,
            "maybe",
        ),
        # rules decide in each pipeline
        ("include: {local: ci.yml, rules: [{if: $CI_COMMIT_TAG}]}\n", [JOB], TOKEN, "yes"),
        (
            "include: {local: ci.yml, rules: [{if: $CI_COMMIT_TAG}]}\n",
            ["publish: {script: [npm publish]}"],
            TOKEN,
            "maybe",
        ),
    ],
)
def test_what_is_included_is_merged_below_what_includes_it(text: str, files: list[str], topic: str, holds: str) -> None:
    seen = [file(each, "ci.yml" if n == 0 else f"{n}.yml") for n, each in enumerate(files)]
    assert verdicts(text, *seen)[topic] == holds


@pytest.mark.parametrize(
    ("include", "says"),
    [
        ("https://example.com/a.yml?private_token=hush", "a file of example.com: I ask no address but GitLab's"),
        ("{remote: 'https://[hush'}", "a file elsewhere: I ask no address but GitLab's"),
        ("{remote: [a]}", "a file elsewhere: I ask no address but GitLab's"),
        ("{template: Auto-DevOps.gitlab-ci.yml}", "the template Auto-DevOps.gitlab-ci.yml: I do not read"),
        ("{component: $CI_SERVER_FQDN/acme/npm@1}", "the component $CI_SERVER_FQDN/acme/npm@1: I do not read"),
        ("{local: 'ci/*.yml'}", "ci/*.yml: it has a wildcard"),
        ("{local: ci/$NAME.yml}", "ci/$NAME.yml: I cannot tell which file it is"),
        ("{project: $CI_PROJECT_PATH, file: a.yml}", "a.yml of $CI_PROJECT_PATH: I cannot tell which file it is"),
        ("{project: acme/x, file: a.yml, ref: [a]}", "a.yml of acme/x: I cannot tell which file it is"),
        ("{project: acme/x}", "a file of acme/x: I cannot tell which file it is"),
        ("{local: ../a.yml}", "../a.yml: I cannot tell which file it is"),
        ("{rules: []}", "a file: I cannot tell which file it is"),
        ("other.yml", "other.yml: I have not looked for it"),
        ("ci.yml", "ci.yml: it is no valid YAML"),
        ("{project: acme/ci, file: ci.yml, ref: v1}", "ci.yml of acme/ci: it is private, or not there"),
    ],
)
def test_what_was_not_read_is_named_and_leaves_the_doubt(include: str, says: str) -> None:
    files = [
        SeenFile(reference=reference("ci.yml"), unread="it is no valid YAML"),
        SeenFile(reference=reference("ci.yml", "acme/ci", "v1"), unread="it is private, or not there"),
    ]
    text = f"include: {include}\npublish: {{script: [npm publish]}}\n"
    assert any(f"I have not read {says}" in line for line in told(text, *files))
    assert "hush" not in str(told(text, *files))
    assert "no" not in verdicts(text, *files).values()
    doubt = "gets no token that npm takes, but I cannot tell all that .gitlab-ci.yml includes."
    assert any(line.endswith(doubt) for line in told(text, *files))


def test_many_that_were_not_read_are_counted() -> None:
    found = told(
        "include: [a.yml, b.yml, c.yml, d.yml, e.yml]\n", *(file("a: b", f"{n}.yml") for n in range(MOST_FILES))
    )
    assert found[1:5] == [
        "I have not read a.yml: I read at most 20 files.",
        "I have not read b.yml: I read at most 20 files.",
        "I have not read c.yml: I read at most 20 files.",
        "And 2 more.",
    ]


def test_a_file_that_is_not_there_is_a_fault_unless_rules_may_leave_it_out() -> None:
    gone = SeenFile(reference=reference("ci.yml"), is_missing=True)
    fault = points(f"include: ci.yml\n{JOB}", gone)[1]
    assert (fault.holds.value, fault.mend) == ("no", "Add the file, or do not include it.")
    assert fault.says == ".gitlab-ci.yml includes ci.yml, which is not there, so GitLab makes no pipeline."
    ruled = told(f"include: {{local: ci.yml, rules: [{{exists: [ci.yml]}}]}}\n{JOB}", gone)
    assert "I have not read ci.yml: it is not there." in ruled
    # what a file includes that may be left out may be missing as well
    above = "include: {local: 1.yml, rules: [{if: $CI_COMMIT_TAG}]}\n" + JOB
    assert "no" not in verdicts(above, file("include: ci.yml", "1.yml"), gone).values()
    assert verdicts(f"include: 1.yml\n{JOB}", file("include: ci.yml", "1.yml"), gone)["parts"] == "no"


def test_of_many_files_that_are_not_there_a_few_are_named() -> None:
    gone = [SeenFile(reference=reference(f"{n}.yml"), is_missing=True) for n in range(MOST_FILES)]
    found = told(f"include: [{', '.join(f'{n}.yml' for n in range(MOST_FILES))}]\n{JOB}", *gone)
    assert sum("is not there" in says for says in found) == 5


FOREIGN = "include: {project: acme/ci, file: npm.yml, ref: v1}\n"


def test_nothing_of_another_project_is_shown_but_what_it_comes_to() -> None:
    hush = "hush-job: {image: 'node:20.18.3', script: [npm i -g npm@10.9.8, npm publish], environment: hush-env}\n"
    found = told(FOREIGN, file(hush, "npm.yml", "acme/ci", "v1"), publisher=PRODUCTION)
    assert found[1:] == [
        "The job in acme/ci publishes.",
        (
            "The job in acme/ci does not have NPM_ID_TOKEN among its id_tokens, with npm's audience, so it gets no"
            " token that npm takes."
        ),
        "The job in acme/ci does not use the environment production: it uses another, and npm compares exactly.",
        "The job in acme/ci runs on a GitLab-hosted runner.",
        "The job in acme/ci uses a Node that is too old; npm needs 22.14 or later.",
        "The job in acme/ci takes an npm that is too old; 11.5.1 or later is needed.",
    ]
    own = told(
        f"{FOREIGN}publish: {{script: [npm publish]}}\n",
        file("default: {image: 'node:20.18.3'}", "npm.yml", "acme/ci", "v1"),
    )
    assert "The job publish publishes." in own
    assert "20.18.3" not in str(own)
    below = told(
        f"{FOREIGN}publish: {{script: [npm publish]}}\n",
        file("publish: {image: 'node:20.18.3'}", "npm.yml", "acme/ci", "v1"),
    )
    assert "20.18.3" not in str(below)


def test_what_another_project_includes_is_not_named() -> None:
    nested = file("include: hush.yml\n", "npm.yml", "acme/ci", "v1")
    assert "I have not read a file that acme/ci includes: I have not looked for it." in told(FOREIGN, nested)
    inner = file(JOB.replace("publish:", "hush:", 1), "hush.yml", "acme/ci", "v1")
    assert "The job in acme/ci publishes." in told(FOREIGN, nested, inner)
    further = file("include: {project: acme/hush, file: hush.yml}\n", "npm.yml", "acme/ci", "v1")
    found = told(FOREIGN, further, file(JOB.replace("publish:", "hush:", 1), "hush.yml", "acme/hush"))
    assert "The job in acme/ci publishes." in found
    assert "hush" not in str(found)


def test_a_few_lines_that_stand_for_thousands_of_files_end_in_doubt() -> None:
    circle = file("include: ci.yml\n")
    assert "I have not read ci.yml: it includes itself." in told("include: ci.yml\n", circle)
    double = "include: [b.yml, b.yml]\n"
    many = file(f"include: [{'c.yml, ' * 100}]\n", "b.yml"), file("x: y", "c.yml")
    assert "I have not read b.yml: GitLab includes at most 150 files." in told(double, *many) or (
        "I have not read c.yml: GitLab includes at most 150 files." in told(double, *many)
    )
    heavy = file("".join(f"j{n}: {{script: [a, b, c, d, e]}}\n" for n in range(5000)))
    assert "I have not read ci.yml: it is more than anybody would write." in told(
        f"include: [{'ci.yml, ' * 9}]\n", heavy
    )
    width = "".join(f"  - .b{n}\n" for n in range(50))
    bases = "".join(f".b{n}:\n  extends:\n{width.replace('  -', '    -')}" for n in range(50))
    assert (
        verdicts(f"{bases}publish:\n  script: [npm publish]\n  extends:\n{width.replace('  -', '    -')}")["publishes"]
        == "yes"
    )
    shared = f".base: {{{IDS}, script: [{'npm test, ' * 5000}npm publish]}}\n"
    jobs = "".join(f"j{n}: {{extends: .base}}\n" for n in range(200))
    assert verdicts(shared + jobs)["publishes"] == "yes"
