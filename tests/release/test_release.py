"""What is released, and how: packages that run, a bill of materials, workflows and container files that lint."""

import json
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from bot import __version__
from storage.migrate import configuration
from tests.release.making import BIN, LOCK, ROOT, build, install, try_out, write_bill_of_materials


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return build(tmp_path_factory.mktemp("dist"))


@pytest.mark.xdist_group("release")
@pytest.mark.parametrize("index", [0, 1], ids=["wheel", "sdist"])
def test_a_package_installs_in_a_clean_venv_and_runs_the_sandbox(
    packages: tuple[Path, Path], index: int, tmp_path: Path
) -> None:
    command = install(packages[index], tmp_path / "venv")
    told = subprocess.run([str(command), "version"], capture_output=True, text=True, check=True)
    assert told.stdout == f"npmtrust {__version__}\n"
    assert "<title>" in try_out(command)


@pytest.mark.xdist_group("release")
def test_the_packages_hold_what_runs_and_nothing_private(packages: tuple[Path, Path]) -> None:
    wheel, sdist = packages
    inside = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in inside} == {
        "bot",
        "handlers",
        "storage",
        f"npmtrust-{__version__}.dist-info",
    }
    scripts = Path(configuration().get_main_option("script_location") or "")
    for needed in (*scripts.glob("versions/*.py"), *(ROOT / "bot" / "sandbox" / "page").iterdir()):
        if needed.is_file():
            assert str(needed.relative_to(ROOT)) in inside
    with tarfile.open(sdist) as archive:
        names = archive.getnames()
    assert not [name for name in names if name.endswith((".env", ".sqlite3", ".pem")) or "/.venv/" in name]


def test_the_bill_of_materials_lists_what_the_lock_file_pins(tmp_path: Path) -> None:
    # It loads what the schemas of a chart are read with, and that compiles grammars for a second.
    from cyclonedx.schema import SchemaVersion  # noqa: PLC0415
    from cyclonedx.validation.json import JsonStrictValidator  # noqa: PLC0415

    text = write_bill_of_materials(tmp_path, __version__).read_text()
    bill = json.loads(text)
    assert JsonStrictValidator(SchemaVersion.from_version(bill["specVersion"])).validate_str(text) is None
    assert (bill["metadata"]["component"]["name"], bill["metadata"]["component"]["version"]) == (
        "npmtrust",
        __version__,
    )
    pinned = set(re.findall(r"^([a-z0-9._-]+)==([^ ;\\]+)", LOCK.read_text(), re.MULTILINE))
    assert {(found["name"], found["version"]) for found in bill["components"]} == pinned
    assert all(found["purl"] for found in bill["components"])


def test_the_changelog_and_the_chart_tell_this_version() -> None:
    newest = re.search(r"^## \[?([^\]\s]+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert newest
    assert newest[1] in {"Unreleased", __version__}
    chart = (ROOT / "helm" / "npmtrust" / "Chart.yaml").read_text()
    assert f'appVersion: "{__version__}"' in chart
    assert f"npmtrust:{__version__}" in (ROOT / "docker-compose.yml").read_text()


@pytest.mark.parametrize(
    "command",
    [
        ("zizmor", "--offline", "--persona", "auditor", ".github/workflows"),
        ("hadolint", "Dockerfile"),
        ("check-jsonschema", "--builtin-schema", "vendor.compose-spec", "docker-compose.yml"),
        (
            "check-jsonschema",
            "--builtin-schema",
            "vendor.github-workflows",
            ".github/workflows/test.yml",
            ".github/workflows/release.yml",
        ),
    ],
    ids=["zizmor", "hadolint", "compose", "workflows"],
)
def test_a_linter_finds_nothing(command: tuple[str, ...]) -> None:
    done = subprocess.run(
        [str(BIN / command[0]), *command[1:]], capture_output=True, text=True, check=False, cwd=ROOT, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_file_names_an_address_of_a_package_index() -> None:
    for file in (LOCK, ROOT / "requirements-dev.lock", ROOT / "Dockerfile", ROOT / "pyproject.toml"):
        assert not re.search(r"--(extra-)?index-url|--find-links|https?://(?!127\.)", file.read_text()), file


def test_the_lock_files_pin_every_package_by_hash() -> None:
    for file in (LOCK, ROOT / "requirements-dev.lock"):
        entries = re.split(r"\n(?=[a-z0-9])", file.read_text().strip())
        assert len(entries) > 20
        assert all("--hash=sha256:" in entry for entry in entries), file


def test_the_modules_are_imported_without_a_network() -> None:
    barred = "import socket\ndef refuse(*_): raise OSError('no network')\nsocket.socket.connect = refuse\n"
    imports = "import bot.app, bot.cli, handlers, storage.database, bot.sandbox.launcher\nprint('done')"
    done = subprocess.run(
        [sys.executable, "-c", barred + imports], capture_output=True, text=True, check=False, cwd=ROOT, timeout=60
    )
    assert done.stdout == "done\n", done.stderr
