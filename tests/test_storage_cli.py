"""`npmtrust backup` and `restore`, as somebody types them, and what stands in for them with PostgreSQL."""

import io
import json
import shlex
import sqlite3
import stat
import subprocess
from pathlib import Path

import pytest

from bot.cli import main
from bot.domain.events import AuditKind
from bot.domain.record import Scope
from tests import postgres
from tests.record_files import (
    NEW,
    OLD,
    START,
    fill,
    refused,
    running,
    running_at,
    set_environment,
    sql,
    told,
)


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    set_environment(monkeypatch, tmp_path)


@pytest.fixture
def file(migrated: Path) -> Path:
    return migrated / "npmtrust.sqlite3"


@pytest.fixture
def filled(file: Path) -> Path:
    with running(file, OLD) as run:
        run(fill)
    return file


def test_a_backup_is_taken_while_the_bot_runs_and_restored(
    filled: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = tmp_path / "copy"
    with running(filled, OLD) as run:
        run(lambda store: store.audit.add(AuditKind.SNOOZED, actor="U0OTTO", at=START))
        assert main(["backup", str(copy)]) == 0
        assert "Keep NPMTRUST_SECRET_KEYS elsewhere" in told(capsys)
        assert refused(capsys, "backup", str(copy)).startswith(f"{copy} is there already")
        assert main(["backup", str(copy), "--force"]) == 0
        run(lambda store: fill(store, 1))
        assert refused(capsys, "restore", str(copy)).startswith(f"another npmtrust runs on {filled}")
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert sorted(tmp_path.glob(".copy*")) == []
    before = sql(filled, "SELECT kind FROM audit_events")
    capsys.readouterr()
    assert main(["restore", str(copy)]) == 0
    shown = told(capsys)
    [aside] = tmp_path.glob("npmtrust.sqlite3.before-*Z")
    assert shown.startswith(f"The database of before is kept as {aside}.\n")
    assert sql(aside, "SELECT kind FROM audit_events") == before
    assert [kind for (kind,) in sql(filled, "SELECT kind FROM audit_events")] == [
        *["package.retired"] * 3,
        "package.snoozed",
        "database.backed_up",
        "database.restored",
    ]
    assert main(["audit", "verify"]) == 0
    with running(filled, OLD) as run:
        assert run(lambda store: store.seals.head())


def test_what_cannot_be_restored_leaves_everything_as_it_was(
    filled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = filled.read_bytes()
    copy = tmp_path / "copy"
    assert main(["backup", str(copy)]) == 0
    before = filled.read_bytes()
    capsys.readouterr()

    def refusal() -> str:
        said = refused(capsys, "restore", str(copy))
        assert filled.read_bytes() == before
        assert sorted(tmp_path.glob("*before*")) == []
        return said

    assert refused(capsys, "restore", str(filled)).endswith("name the file that `npmtrust backup` made")
    assert refused(capsys, "restore", "none") == "there is no file none"
    monkeypatch.setenv("NPMTRUST_SECRET_KEYS", NEW)
    assert refusal().startswith(f"NPMTRUST_SECRET_KEYS holds no key of {copy}")
    monkeypatch.setenv("NPMTRUST_SECRET_KEYS", OLD)
    sql(copy, "UPDATE alembic_version SET version_num = '9999'")
    assert refusal() == f"{copy} is of a newer npmtrust: restore it with that version"
    sql(copy, "DELETE FROM alembic_version")
    assert refusal() == f"{copy} is no database of npmtrust"
    whole = copy.read_bytes()
    copy.write_bytes(whole[:4096] + b"\xff" * 8192 + whole[12288:])
    assert refusal().startswith(f"{copy} cannot be copied: ")
    copy.write_bytes(b"no database at all")
    assert refusal() == f"{copy} cannot be copied: file is not a database; take another copy"


def test_a_backup_never_goes_in_the_place_of_the_database_that_it_is_of(
    filled: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    link, twin = tmp_path / "link", tmp_path / "twin"
    link.symlink_to(filled)
    twin.hardlink_to(filled)
    with running(filled, OLD) as run:
        beside = [Path(f"{filled}{end}") for end in ("-wal", "-shm", ".lock")]
        for file in (filled, link, twin, *beside):
            for more in ([], ["--force"]):
                assert refused(capsys, "backup", str(file), *more) == (
                    f"{file} is the database itself, or belongs to it: name another file"
                )
        run(lambda store: store.audit.add(AuditKind.SNOOZED, actor="U0OTTO", at=START))
    assert [kind for (kind,) in sql(filled, "SELECT kind FROM audit_events")][-1] == "package.snoozed"


def test_a_backup_that_cannot_be_written_is_told_by_its_own_name(
    filled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert filled.exists()
    assert refused(capsys, "backup", "none/copy") == "none/copy cannot be written: No such file or directory"
    assert refused(capsys, "backup", str(tmp_path), "--force") == f"{tmp_path} cannot be written: Is a directory"

    def find_no_room(_copy: Path) -> None:
        error = sqlite3.OperationalError("database or disk is full")
        error.sqlite_errorcode = sqlite3.SQLITE_FULL
        raise error

    monkeypatch.setattr("storage.backup.sqlite3.connect", find_no_room)
    monkeypatch.setattr("storage.backup.connect_read_only", lambda _source: io.BytesIO())
    assert refused(capsys, "backup", "copy") == "copy cannot be written: the disk is full"


@pytest.mark.parametrize(
    ("becomes", "way_out"),
    [
        ("SET version_num = '0015'", "it has not the schema of this version: run `npmtrust migrate`"),
        (
            "SET version_num = '9999'",
            "a newer npmtrust has brought it to a schema that this one does not know: use that version",
        ),
    ],
)
def test_a_backup_is_taken_before_an_upgrade_and_after_one_that_is_to_be_undone(
    filled: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], becomes: str, way_out: str
) -> None:
    sql(filled, f"UPDATE alembic_version {becomes}")
    assert main(["backup", str(tmp_path / "copy")]) == 0
    assert told(capsys).endswith("so the backup could not be put on record.\n")
    assert str(sql(tmp_path / "copy", "SELECT version_num FROM alembic_version")[0][0]) in becomes
    for command in (["audit", "verify"], ["audit", "export", "--json"], ["keys", "rotate"]):
        assert refused(capsys, *command) == f"the database of NPMTRUST_DATABASE_URL: {way_out}"


def test_a_copy_that_is_not_there_leaves_no_database_behind(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert refused(capsys, "restore", "none") == "there is no file none"
    assert list(tmp_path.iterdir()) == []


def test_a_broken_database_is_kept_aside_too(filled: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["backup", "copy"]) == 0
    filled.write_bytes(b"broken")
    assert main(["restore", "copy"]) == 0
    assert [path.read_bytes() for path in tmp_path.glob("*before*Z")] == [b"broken"]
    assert main(["audit", "verify"]) == 0
    assert capsys.readouterr().err == ""


def test_for_postgresql_the_commands_are_told_without_the_password(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NPMTRUST_DATABASE_URL", "postgresql://app:secret@db:5432/npmtrust")
    assert refused(capsys, "backup", "a file") == (
        "PostgreSQL copies itself, also while npmtrust runs: pg_dump --format=custom --no-owner '--file=a file'"
        " postgresql://app@db:5432/npmtrust"
    )
    assert refused(capsys, "restore", "copy") == (
        "end every `npmtrust run`, then let PostgreSQL do it: pg_restore --clean --if-exists --no-owner"
        " --single-transaction --dbname=postgresql://app@db:5432/npmtrust copy"
    )


@pytest.mark.postgresql
def test_on_postgresql_the_record_is_verified_and_a_dump_is_restored_with_the_commands_that_are_told(
    database_settings: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    url = database_settings["NPMTRUST_DATABASE_URL"]
    monkeypatch.setenv("NPMTRUST_DATABASE_URL", url)
    with running_at(url, OLD) as run:
        run(fill)
        assert main(["audit", "export", "--json"]) == 0
        assert [event["seal"] for event in json.loads(told(capsys))] == [1, 2, 3, None]
        dump = refused(capsys, "backup", str(tmp_path / "copy")).rpartition(": ")[2]
        run_program(dump)
        run(lambda store: store.audit.add(AuditKind.SNOOZED, actor="U0OTTO", at=START))
        monkeypatch.setenv("NPMTRUST_SECRET_KEYS", f"{NEW},{OLD}")
        assert refused(capsys, "keys", "rotate").startswith("no npmtrust has started with the first key")
    monkeypatch.setenv("NPMTRUST_SECRET_KEYS", OLD)
    run_program(refused(capsys, "restore", str(tmp_path / "copy")).rpartition(": ")[2])
    assert main(["audit", "verify"]) == 0
    assert told(capsys).startswith("T0ACME: 3 events are as they were sealed")
    with running_at(url, OLD) as run:
        assert [event.kind for event in run(lambda store: store.audit.list_newest(Scope(), limit=1))] == [
            "record.exported"
        ]


def run_program(line: str) -> None:
    """Run a command of PostgreSQL's, of the version of the server."""
    program, *arguments = shlex.split(line)
    path = postgres.find_program(program)
    assert path
    subprocess.run([path, *arguments], check=True, capture_output=True)
