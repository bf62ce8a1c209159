"""Every example in the documents is run: commands are understood, policies can be used, YAML and links hold."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from bot.cli import make_parser
from bot.domain.command_parser import parse_command
from bot.domain.commands import Misunderstood
from bot.domain.policy import Policy
from bot.domain.policy_file import parse_policy
from tests.helm.chart import CHART, draw
from tests.readme import README

ROOT = README.parent
DOCUMENTS = [README, *sorted((ROOT / "docs").glob("*.md")), ROOT / "SECURITY.md", CHART / "README.md"]
NAMES = [str(document.relative_to(ROOT)) for document in DOCUMENTS]


def blocks_of(text: str) -> Iterator[tuple[str, str]]:
    """List the code blocks of a document, with their language."""
    for found in re.finditer(r"^( *)```(\w*)\n(.*?)^\1```", text, re.DOTALL | re.MULTILINE):
        yield found[2], found[3]


@pytest.mark.parametrize("document", DOCUMENTS, ids=NAMES)
def test_every_line_for_slack_is_understood(document: Path) -> None:
    lines = [line.strip() for _, block in blocks_of(document.read_text()) for line in block.splitlines()]
    typed = [line.removeprefix("/npmtrust ") for line in lines if line.startswith("/npmtrust ") and "…" not in line]
    assert not [line for line in typed if isinstance(parse_command(line), Misunderstood)]


@pytest.mark.parametrize("document", DOCUMENTS, ids=NAMES)
def test_every_line_for_the_shell_is_one(document: Path) -> None:
    for _, block in blocks_of(document.read_text()):
        for line in block.splitlines():
            program = next(iter(line.split()), "")
            if program == "npmtrust" and "…" not in line:
                make_parser().parse_args(shlex.split(line, comments=True)[1:])  # ends the test at an unknown word
            if program == "make":
                assert re.search(rf"^{line.split()[1]}:", (ROOT / "Makefile").read_text(), re.MULTILINE), line


def test_the_charts_install_fits_its_examples() -> None:
    """Of `kubectl create secret` and `helm install`, without a cluster."""
    text = "\n".join(block for _, block in blocks_of((CHART / "README.md").read_text()))
    given = set(re.findall(r"--from-literal=(\w+)=", text))
    (name,) = re.findall(r"create secret generic (\S+)", text)
    (release, chart, values) = re.findall(r"helm install (\S+) (\S+) --values (\S+)", text)[0]
    assert ROOT / chart == CHART
    drawn = draw(yaml.safe_load((ROOT / values).read_text()))
    (pod,) = [found["spec"]["template"]["spec"] for found in drawn if found["kind"] == "Deployment"]
    taken = [each["valueFrom"]["secretKeyRef"] for each in pod["containers"][0]["env"] if "valueFrom" in each]
    assert {each["name"] for each in taken} == {name}
    assert {each["key"] for each in taken if not each.get("optional")} == given
    assert f"helm test {release}" in text


def test_every_policy_can_be_used() -> None:
    policies = [block for document in DOCUMENTS for kind, block in blocks_of(document.read_text()) if kind == "toml"]
    assert len(policies) > 5
    for text in policies:
        policy = parse_policy(text, name="example")
        assert isinstance(policy, Policy), f"{policy} in\n{text}"


def test_the_policies_of_the_charts_values_can_be_used() -> None:
    texts = [yaml.safe_load(file.read_text()).get("policy") for file in (CHART / "examples").glob("*.yaml")]
    assert [text for text in texts if text]
    for text in filter(None, texts):
        assert isinstance(parse_policy(text, name="example"), Policy)


def test_the_alerts_are_about_metrics_that_there_are() -> None:
    told = set(re.findall(r"`(npmtrust_[a-z_]+)`", README.read_text()))
    alerts = [block for _, block in blocks_of((ROOT / "docs" / "operating.md").read_text()) if "expr:" in block]
    for text in alerts:
        rules = yaml.safe_load(text)["groups"][0]["rules"]
        named = {name for rule in rules for name in re.findall(r"npmtrust_[a-z_]+", rule["expr"])}
        assert named
        assert named <= told
    assert alerts


@pytest.mark.parametrize("document", DOCUMENTS, ids=NAMES)
def test_every_link_inside_of_the_project_leads_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", document.read_text()):
        if "://" in target:
            continue
        path, _, heading = target.partition("#")
        there = (document.parent / path).resolve() if path else document
        assert there.exists(), target
        if heading:
            titles = re.findall(r"^#+ (.+)$", there.read_text(), re.MULTILINE)
            assert heading in {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}, target


def test_the_files_that_are_named_are_there() -> None:
    text = (ROOT / "docs" / "how-it-works.md").read_text()
    named = re.findall(r"`((?:bot|handlers|storage)/[\w/]+\.py)`", text)
    assert len(named) > 10
    assert not [name for name in named if not (ROOT / name).exists()]
