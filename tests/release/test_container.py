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

from bot import __version__
from tests.release.making import ROOT

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
    environment = {"PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin", "HOME": str(tmp_path)}
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
