"""`npmtrust audit`, `backup`, `restore` and `keys rotate`, as somebody types them."""

import asyncio
import csv
import io
import json
import shlex
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr

from bot.cli import main
from bot.domain.events import AuditKind
from bot.domain.record import Scope
from storage import migrate
from storage.account_models import LinkRow
from storage.database import Database
from storage.models import InboxRow
from storage.seal_keys import SealKeys
from storage.sealed import about_delivery, about_session
from storage.store import Store
from storage.vault import Vault, WrongKey
from tests import postgres

T = TypeVar("T")

OLD, NEW = (Fernet.generate_key().decode() for _ in range(2))
WORKSPACE = "T0ACME"
START = datetime(2025, 11, 23, 14, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing is set but where the database is, and its key."""
    monkeypatch.chdir(tmp_path)
    for name in ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET", "NPMTRUST_REGISTRY_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NPMTRUST_DATABASE_URL", f"sqlite:///{tmp_path}/npmtrust.sqlite3")
    monkeypatch.setenv("NPMTRUST_SECRET_KEYS", OLD)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "npmtrust.sqlite3"


def running(file: Path, *keys: str) -> AbstractContextManager[Callable[[Callable[[Store], T]], T]]:
    """Have the file as an `npmtrust run` has it."""
    return running_at(f"sqlite:///{file}", *keys)


@contextmanager
def running_at(url: str, *keys: str) -> Iterator[Callable[[Callable[[Store], T]], T]]:
    """Have a database as an `npmtrust run` has it."""

    async def begin() -> Database:
        database = Database(url)
        database.claim_file()
        await database.call(migrate.upgrade)
        database.workspace, database.seal_keys = WORKSPACE, SealKeys([SecretStr(key) for key in keys])
        vault = Vault([SecretStr(key) for key in keys])
        await database.run(lambda store: store.key_check.verify(vault))
        return database

    database = asyncio.run(begin())
    try:
        yield lambda work: asyncio.run(database.run(work))
    finally:
        asyncio.run(database.close())


def fill(store: Store, number: int = 3) -> None:
    """Put something on record, with text that a spreadsheet would take for a formula."""
    for each in range(number):
        at = START + timedelta(days=each)
        store.audit.add(AuditKind.RETIRED, actor="U0OTTO", at=at, package="@acme/ui", reason='=cmd|"/c calc"!A1, é')
    store.flush()
    store.seals.seal(START)


@pytest.fixture
def filled(file: Path) -> Path:
    with running(file, OLD) as run:
        run(fill)
    return file


def told(capsys: pytest.CaptureFixture[str]) -> str:
    captured = capsys.readouterr()
    assert captured.err == ""
    return captured.out


def refused(capsys: pytest.CaptureFixture[str], *command: str) -> str:
    assert main(command) == 1
    captured = capsys.readouterr()
    assert captured.err.count("\n") == 1
    assert captured.err.startswith("npmtrust: ")
    return captured.err.removeprefix("npmtrust: ").rstrip("\n")


def sql(file: Path, statement: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(file)) as connection, connection:
        return connection.execute(statement).fetchall()


def head_of(file: Path) -> str:
    [(number, digest)] = sql(file, "SELECT number, digest FROM audit_seals ORDER BY number DESC LIMIT 1")
    return f"{number}:{str(digest)[:16]}"


def test_a_record_is_exported_as_csv_without_formulas(filled: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "export", "--csv", "--since", "2025-11-24", "--until", "2025-11-25"]) == 0
    header, *rows = list(csv.reader(io.StringIO(told(capsys))))
    assert header[:5] == ["id", "workspace", "at", "kind", "actor"]
    assert [row[2] for row in rows] == ["2025-11-24T14:00:00Z", "2025-11-25T14:00:00Z"]
    assert rows[0][header.index("package")] == "'@acme/ui"
    assert rows[0][header.index("details")] == 'reason==cmd|"/c calc"!A1, é'
    assert sql(filled, "SELECT kind FROM audit_events")[-1] == ("record.exported",)


def test_a_record_is_exported_as_json_beside_a_running_bot(filled: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with running(filled, OLD) as run:
        assert main(["audit", "export", "--json"]) == 0
        events = json.loads(told(capsys))
        run(lambda store: fill(store, 1))
    assert [event["seal"] for event in events] == [1, 2, 3, None]
    assert events[0]["details"] == {"reason": '=cmd|"/c calc"!A1, é'}
    assert events[3]["actor"].startswith("operator ")


@pytest.mark.parametrize("option", ["--since", "--until"])
def test_a_moment_that_is_none_is_told(filled: Path, option: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert filled.exists()
    assert refused(capsys, "audit", "export", "--csv", option, "monday") == (
        f"{option} 'monday' is no moment: write 2026-11-23, or 2026-11-23T14:00 (UTC)"
    )


def test_a_record_that_holds_is_verified(filled: Path, capsys: pytest.CaptureFixture[str]) -> None:
    head = head_of(filled)
    assert main(["audit", "verify", "--head", head]) == 0
    assert told(capsys) == f"T0ACME: 3 events are as they were sealed; head {head}\n"
    with running(filled, OLD) as run:
        run(lambda store: store.audit.add(AuditKind.RETIRED, actor="U0OTTO", at=START))
        run(lambda store: store.audit.add(AuditKind.RETIRED, actor="U0OTTO", at=datetime.now(UTC)))
        assert main(["audit", "verify"]) == 0
    assert told(capsys).splitlines()[1:] == [
        "1 of the last minute are not sealed yet.",
        "1 older ones, from event 4 on, are not sealed yet: `npmtrust run` does it while it is at work.",
    ]


def test_a_record_that_was_rewritten_is_told_with_the_first_row(
    filled: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    head = head_of(filled)
    sql(filled, "UPDATE audit_events SET actor = 'U0SAM' WHERE id = 2")
    assert refused(capsys, "audit", "verify") == (
        "the record of T0ACME does not hold: event 2 (package.retired of 2025-11-24 14:00:00 UTC) or its seal 2 was"
        " changed, or put in another place"
    )
    sql(filled, "DELETE FROM audit_events WHERE id > 1")
    sql(filled, "DELETE FROM audit_seals WHERE number > 1")
    assert main(["audit", "verify"]) == 0
    capsys.readouterr()
    assert refused(capsys, "audit", "verify", "--head", head).endswith(f"its head was {head}: the end was cut off")
    sql(filled, "DELETE FROM audit_events")
    sql(filled, "DELETE FROM audit_seals")
    assert refused(capsys, "audit", "verify", "--head", head).startswith("the record does not hold: there is none")
    assert refused(capsys, "audit", "verify", "--head", "3").startswith("--head '3' is no head")


def test_who_has_another_key_is_told_so(
    filled: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NPMTRUST_SECRET_KEYS", NEW)
    for command in (["audit", "verify"], ["audit", "export", "--json"], ["keys", "rotate"]):
        assert refused(capsys, *command).startswith("NPMTRUST_SECRET_KEYS holds no key of this database")
    assert filled.exists()


def test_where_there_is_no_database_none_is_made(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for command in (["audit", "verify"], ["audit", "export", "--csv"], ["backup", "copy"]):
        assert "database" in refused(capsys, *command)
    assert not file.exists()


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
    assert "the database" in refusal()
    copy.write_bytes(b"no database at all")
    assert refusal() == "the database cannot be copied: file is not a database"


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


def keep_secrets(store: Store, vault: Vault) -> None:
    """A session, and a delivery that is being done."""
    link = store.links.add(
        LinkRow(
            workspace=WORKSPACE,
            token="t",
            slack_user="U0OTTO",
            slack_name="Otto",
            slack_email="",
            npm_user="otto-npm",
            npm_email="",
            state="linked",
            created_at=START,
        )
    )
    link.sealed_session = vault.seal("npm_session", about_session(link))
    payload = vault.seal("{}", f"inbox:{WORKSPACE}:key:U0OTTO")
    store.inbox.add(delivery_key="key", kind="command", person="U0OTTO", sealed_payload=payload, now=START)


def test_keys_rotate_while_the_bot_runs_and_no_claim_is_broken(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    old, both, new = (Vault([SecretStr(key) for key in keys]) for keys in ([OLD], [NEW, OLD], [NEW]))
    with running(file, OLD) as run:
        run(fill)
        run(lambda store: keep_secrets(store, old))
        monkeypatch.setenv("NPMTRUST_SECRET_KEYS", f"{NEW},{OLD}")
        assert refused(capsys, "keys", "rotate").startswith("no npmtrust has started with the first key")
    with running(file, NEW, OLD) as run:
        claimed = run(lambda store: store.inbox.claim(START))
        assert claimed
        assert main(["keys", "rotate"]) == 0
        assert told(capsys).splitlines() == [
            "account_links.sealed_session: 1 of 1",
            "inbox.sealed_payload: 1 of 1",
            "key_checks.sealed: 1 of 1",
            "2 of 3 values were sealed anew with the first key.",
            "Nothing rests on an older key: take it out of NPMTRUST_SECRET_KEYS, and start npmtrust anew.",
        ]
        assert both.unseal(claimed.sealed_payload, about_delivery(claimed)).get_secret_value() == "{}"
        run(lambda store: store.inbox.finish(claimed.id))
    monkeypatch.setenv("NPMTRUST_SECRET_KEYS", NEW)
    with running(file, NEW) as run:
        link = run(lambda store: store.links.find_linked("U0OTTO"))
        assert link
        assert new.unseal(link.sealed_session, about_session(link)).get_secret_value() == "npm_session"
        with pytest.raises(WrongKey):
            old.unseal(link.sealed_session, about_session(link))
        assert main(["audit", "verify"]) == 0
    shown = told(capsys)
    assert shown.startswith("T0ACME: 4 events are as they were sealed")
    assert "keys that are not at hand" in shown


def test_a_rotation_says_what_still_rests_on_an_older_key(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with running(file, OLD) as run:
        run(fill)
        run(lambda store: keep_secrets(store, Vault([SecretStr(Fernet.generate_key().decode())])))
    monkeypatch.setenv("NPMTRUST_SECRET_KEYS", f"{NEW},{OLD}")
    assert main(["keys", "rotate"]) == 0  # nobody runs who could be left behind
    assert told(capsys).splitlines()[3:6] == [
        "1 of 3 values were sealed anew with the first key.",
        "account_links.sealed_session: 1 that no key opens, or that are of another row; nobody can use them.",
        "inbox.sealed_payload: 1 that no key opens, or that are of another row; nobody can use them.",
    ]


def test_a_session_that_was_copied_to_another_row_is_refused(file: Path) -> None:
    vault = Vault([SecretStr(OLD)])
    with running(file, OLD) as run:
        run(lambda store: keep_secrets(store, vault))
        sql(file, "UPDATE account_links SET state = 'closed', slack_user = 'U0SAM'")
        [row] = run(lambda store: [store.links.load(1)])
    assert isinstance(row, LinkRow)
    with pytest.raises(WrongKey, match="for another row"):
        vault.unseal(row.sealed_session, about_session(row))
    assert about_delivery(InboxRow(workspace="T", delivery_key="k", person="U")) == "inbox:T:k:U"


def test_nobody_reads_the_memory_of_a_process_that_runs(tmp_path: Path) -> None:
    code = (
        "import ctypes, resource; from bot.cli import main; main(['run']);"
        "print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0), resource.getrlimit(resource.RLIMIT_CORE))"
    )
    root = Path(__file__).parents[1]
    environment = {"PYTHONPATH": str(root), "NPMTRUST_REGISTRY_URL": "http://127.0.0.1:9", "HOME": str(tmp_path)}
    child = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=tmp_path, env=environment
    )
    assert child.stdout == "0 (0, 0)\n"
    assert child.stderr.startswith("npmtrust: SLACK_BOT_TOKEN is not set")


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
