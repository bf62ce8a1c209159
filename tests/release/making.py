"""What `make release` does: build, list what is inside, and try both packages as a user would, each in a clean venv."""

import os
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from tests.patience import PATIENCE

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
LOCK = ROOT / "requirements.lock"


def build(folder: Path) -> tuple[Path, Path]:
    """Build sdist and wheel into an empty folder."""
    _run([sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT)])
    (wheel,), (sdist,) = folder.glob("*.whl"), folder.glob("*.tar.gz")
    return wheel, sdist


def write_bill_of_materials(folder: Path, version: str) -> Path:
    """Write as CycloneDX what the lock file installs, and for what: npmtrust of this version."""
    bill = folder / f"npmtrust-{version}.cdx.json"
    written = ["--output-reproducible", "--output-format", "JSON", "--output-file", str(bill)]
    with tempfile.NamedTemporaryFile("w", suffix=".toml") as project:
        project.write((ROOT / "pyproject.toml").read_text().replace('dynamic = ["version"]', f'version = "{version}"'))
        project.flush()
        _run([str(BIN / "cyclonedx-py"), "requirements", "--pyproject", project.name, *written, str(LOCK)])
    return bill


def install(package: Path, venv: Path) -> Path:
    """Install a package in a clean venv with exactly what the lock file pins; tell its command."""
    uv = str(BIN / "uv")
    python = str(venv / "bin" / "python")
    _run([uv, "venv", "--quiet", "--python", sys.executable, str(venv)])
    into = ["--quiet", "--python", python]
    _run([uv, "pip", "install", *into, "--require-hashes", "--requirement", str(LOCK)])
    _run([uv, "pip", "install", *into, "--no-deps", "--no-build-isolation", str(package)])
    return venv / "bin" / "npmtrust"


def try_out(command: Path) -> str:
    """Run the sandbox of an installed package outside of the source, and fetch its page."""
    clean = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "VIRTUAL_ENV"}}
    with subprocess.Popen(
        [str(command), "sandbox", "--port", "0"], stdout=subprocess.PIPE, text=True, env=clean, cwd=command.parent
    ) as process:
        try:
            line = process.stdout.readline() if process.stdout else ""
            address = next(word for word in line.split() if word.startswith("http"))
            with urllib.request.urlopen(address, timeout=PATIENCE) as page:  # noqa: S310 -- our own, on loopback
                return str(page.read().decode())
        finally:
            process.terminate()
            process.wait(PATIENCE)


def _run(command: Sequence[str]) -> None:
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=PATIENCE, cwd=ROOT)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command[:4])}: {done.stdout}{done.stderr}")
