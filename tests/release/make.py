"""`make release`: the packages, their bill of materials, and the proof that both packages run."""

import shutil
import sys
import tempfile
from pathlib import Path

from bot import __version__
from tests.release.making import ROOT, build, install, try_out, write_bill_of_materials


def main() -> None:
    """Fill `dist`, or fail."""
    folder = ROOT / "dist"
    shutil.rmtree(folder, ignore_errors=True)
    packages = build(folder)
    bill = write_bill_of_materials(folder, __version__)
    for package in packages:
        with tempfile.TemporaryDirectory() as clean:
            command = install(package, Path(clean, "venv"))
            if "<title>" not in try_out(command):
                sys.exit(f"{package.name}: the sandbox shows no page")
        print(f"{package.name}: installs in a clean venv, and its sandbox runs")  # noqa: T201
    print(f"{bill.name}: what the lock file installs")  # noqa: T201


if __name__ == "__main__":
    main()
