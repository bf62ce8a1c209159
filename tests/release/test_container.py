"""The Dockerfile without an engine: its build steps are run in a clean folder, in its order, as it says them."""

import json
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from bot import __version__
from tests.release.making import BIN, ROOT

DOCKERFILE = ROOT / "Dockerfile"
PREFIX = "/opt/npmtrust"

Step = tuple[str, str]


def stages() -> list[list[Step]]:
    """Read the instructions of each stage."""
    text = re.sub(r"\\\n\s*", "", DOCKERFILE.read_text())
    found: list[list[Step]] = []
    for line in text.splitlines():
        if line and not line.startswith("#"):
            instruction, _, rest = line.partition(" ")
            if instruction == "FROM":
                found.append([])
            if found:
                found[-1].append((instruction, rest))
    return found


def _of(stage: list[Step], instruction: str) -> Iterator[str]:
    return (rest for name, rest in stage if name == instruction)


@pytest.mark.xdist_group("release")
def test_the_build_steps_make_a_command_that_runs(tmp_path: Path) -> None:
    build, _ = stages()
    source, target = tmp_path / "src", tmp_path / "npmtrust"
    source.mkdir()
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python").symlink_to(sys.executable)
    # PIP_COMPILE: nothing but `version` is run of what is installed, and to compile it all takes longer.
    environment = {"PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin", "HOME": str(tmp_path), "PIP_COMPILE": "0"}
    for instruction, rest in build:
        if instruction == "COPY":
            *files, place = shlex.split(rest)
            for file in files:
                _copy(ROOT / file, source / place)
        elif instruction == "RUN":
            line = rest.replace(PREFIX, str(target))
            subprocess.run(["/bin/sh", "-c", line], check=True, cwd=source, env=environment, timeout=300)
        else:
            assert instruction in {"FROM", "WORKDIR"}
    told = subprocess.run([str(target / "bin" / "npmtrust"), "version"], capture_output=True, text=True, check=True)
    assert told.stdout == f"npmtrust {__version__}\n"
    assert not list((target / "bin").glob("pip*"))


def _copy(file: Path, place: Path) -> None:
    if file.is_dir():
        shutil.copytree(file, place, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(file, place)


def test_what_is_copied_is_not_ignored() -> None:
    build, _ = stages()
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = {file for rest in _of(build, "COPY") for file in shlex.split(rest)[:-1]}
    assert copied == allowed


def test_what_runs_is_nobody_with_a_health_check_and_no_build_tools() -> None:
    _, run = stages()
    assert list(_of(run, "USER")) == ["65532:65532"]
    assert json.loads(next(_of(run, "ENTRYPOINT"))) == ["npmtrust"]
    assert json.loads(next(_of(run, "CMD"))) == ["run"]
    assert "/readyz" in next(_of(run, "HEALTHCHECK"))
    assert not [rest for rest in _of(run, "RUN") if re.search(r"apt|pip|gcc|curl", rest)]
    assert next(_of(run, "STOPSIGNAL")) == "SIGTERM"


DIGEST = f"sha256:{'0a' * 32}"
ENGINE = f"""#!/bin/bash
printf '%s\\n' "$*" >> "$CALLS"
case "$*" in
  *inspect*) printf '%s\\n' "${{ANSWER-{DIGEST}}}" ;;
  login*) [[ "$(cat)" == the-token ]] ;;
esac
"""


def run_step(name: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a step of the release's image as a runner does, in the source, with an engine that notes what it is told."""
    engine = folder / "docker"
    engine.write_text(ENGINE)
    engine.chmod(0o755)
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "release.yml").read_text())
    (script,) = [step["run"] for step in workflow["jobs"]["image"]["steps"] if step.get("id") == name]
    of_runner = {
        "PATH": f"{folder}:/usr/bin:/bin",
        "CALLS": str(folder / "calls"),
        "GITHUB_OUTPUT": str(folder / f"{name}.out"),
        "GITHUB_REPOSITORY": "Acme/npmtrust",
        "GITHUB_REF_NAME": "v1.2.3",
        "GITHUB_SHA": "c0ffee",
    }
    return subprocess.run(
        ["/bin/bash", "-e", "-c", script],
        env=of_runner | environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_release_builds_from_the_digest_that_the_base_has_then(tmp_path: Path) -> None:
    assert run_step("base", tmp_path).returncode == 0
    told = dict(line.split("=", 1) for line in (tmp_path / "base.out").read_text().splitlines())
    assert told == {"tag": "3.13-slim", "digest": DIGEST}
    pushed = run_step("push", tmp_path, TAG=told["tag"], DIGEST=told["digest"], ACTOR="otto", TOKEN="the-token")
    assert pushed.returncode == 0, pushed.stderr
    looked, login, built, _ = (tmp_path / "calls").read_text().splitlines()
    assert "docker.io/library/python:3.13-slim " in looked
    assert "the-token" not in login + built
    assert f"--build-arg PYTHON=3.13-slim@{DIGEST} " in built
    assert "--tag ghcr.io/acme/npmtrust:1.2.3 " in built
    assert f"image=ghcr.io/acme/npmtrust\ndigest={DIGEST}\n" == (tmp_path / "push.out").read_text()


def test_a_release_without_a_digest_builds_nothing(tmp_path: Path) -> None:
    assert run_step("base", tmp_path, ANSWER="").returncode != 0
    assert not (tmp_path / "base.out").exists()


def test_both_stages_stand_on_the_base_that_is_an_argument() -> None:
    text = DOCKERFILE.read_text()
    assert re.findall(r"^FROM (\S+)", text, re.MULTILINE) == ["python:${PYTHON}"] * 2
    assert re.findall(r"^ARG PYTHON=(.+)$", text, re.MULTILINE) == ["3.13-slim"]
    pinned = text.replace("ARG PYTHON=3.13-slim", f"ARG PYTHON=3.13-slim@{DIGEST}")
    linted = subprocess.run([str(BIN / "hadolint"), "-"], input=pinned, text=True, capture_output=True, check=False)
    assert linted.returncode == 0, linted.stdout
