"""`npmtrust audit` and `keys rotate`, as somebody types them."""

import csv
import io
import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr

from bot.cli import main
from bot.domain.events import AuditKind
from bot.sandbox.ports import HeldPort
from storage.account_models import LinkRow
from storage.inbox import Letter
from storage.models import InboxRow
from storage.sealed import about_delivery, about_session
from storage.store import Store
from storage.vault import Vault, WrongKey
from tests.record_files import NEW, OLD, START, WORKSPACE, fill, head_of, refused, running, set_environment, sql, told


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
    assert refused(capsys, "audit", "export", "--csv", option, "monday", status=2) == (
        f"{option} 'monday' is no moment: write 2026-11-23, or 2026-11-23T14:00 (UTC)"
    )


def test_a_record_that_holds_is_verified(filled: Path, capsys: pytest.CaptureFixture[str]) -> None:
    head = head_of(filled)
    assert main(["audit", "verify", "--head", head]) == 0
    assert told(capsys).splitlines() == [
        f"T0ACME: 3 events are as they were sealed; head {head}",
        f"Up to {head}, the head that you know, nothing was cut off.",
    ]
    with running(filled, OLD) as run:
        run(lambda store: store.audit.add(AuditKind.RETIRED, actor="U0OTTO", at=START))
        run(lambda store: store.audit.add(AuditKind.RETIRED, actor="U0OTTO", at=datetime.now(UTC)))
        assert main(["audit", "verify"]) == 0
    assert told(capsys).splitlines()[1:] == [
        "1 of the last minute are not sealed yet.",
        "1 older ones, from event 4 on, are not sealed yet: `npmtrust run` does it while it is at work.",
        (
            "Whether an end was cut off, seals and all, shows only with a head that you know: `npmtrust audit verify"
            " --head N:HASH`, from the newest weekly digest in Slack."
        ),
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
    assert "Whether an end was cut off" in told(capsys)
    assert refused(capsys, "audit", "verify", "--head", head).endswith(f"its head was {head}: the end was cut off")
    sql(filled, "DELETE FROM audit_events")
    sql(filled, "DELETE FROM audit_seals")
    assert refused(capsys, "audit", "verify", "--head", head).startswith("the record does not hold: there is none")
    assert refused(capsys, "audit", "verify", "--head", "3", status=2).startswith("--head '3' is no head")


def test_who_has_another_key_is_told_so(
    filled: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NPMTRUST_SECRET_KEYS", NEW)
    for command in (["audit", "verify"], ["audit", "export", "--json"], ["keys", "rotate"]):
        assert refused(capsys, *command).startswith("NPMTRUST_SECRET_KEYS holds no key of this database")
    assert filled.exists()


def test_a_server_that_is_away_is_told_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    port = HeldPort()
    monkeypatch.setenv("NPMTRUST_DATABASE_URL", f"postgresql://app@127.0.0.1:{port.number}/npmtrust")
    for command in (["audit", "verify"], ["audit", "export", "--csv"], ["keys", "rotate"]):
        assert "Connection refused Is the server running" in refused(capsys, *command)


def test_where_there_is_no_database_none_is_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for command in (["audit", "verify"], ["audit", "export", "--csv"], ["backup", "copy"]):
        assert "database" in refused(capsys, *command)
    assert not (tmp_path / "npmtrust.sqlite3").exists()


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
    letter = Letter("key", "command", "U0OTTO", "", payload, after=timedelta(), ends=0)
    store.inbox.put(letter, START)


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
            "Nothing rests on an older key: have the first one alone in NPMTRUST_SECRET_KEYS, and start npmtrust anew.",
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
