"""A PostgreSQL server of its own for the tests: `TEST_DATABASE=postgresql` lets the scenarios run on it."""

import os
import pwd
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql

from bot.sandbox.ports import HeldPort

WANTED = os.environ.get("TEST_DATABASE") == "postgresql"

_SETTINGS = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=60"


@contextmanager
def run_server() -> Iterator[str]:
    """Start a server on loopback; yields the start of its databases' addresses, and ends it."""
    folder = Path(tempfile.mkdtemp(prefix="npmtrust-postgresql-"))
    held = HeldPort()
    port = held.number
    listen = f"-c listen_addresses=127.0.0.1 -p {port} -k {folder} {_SETTINGS}"
    try:
        if os.geteuid() == 0:
            account = pwd.getpwnam("postgres")
            os.chown(folder, account.pw_uid, account.pw_gid)
        data = str(folder / "data")
        _run("initdb", "-D", data, "-U", "app", "--auth=trust", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8")
        _run("pg_ctl", "-D", data, "-w", "-l", str(folder / "log"), "-o", listen, "start")
        try:
            yield f"postgresql://app@127.0.0.1:{port}/"
        finally:
            _run("pg_ctl", "-D", data, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def make_database(server: str) -> str:
    """Make an empty database; tell its address."""
    name = f"npmtrust_{uuid.uuid4().hex}"
    with psycopg.connect(f"{server}postgres", autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
    return f"{server}{name}"


def _run(program: str, *arguments: str) -> None:
    """Run a program of the server; as root with the rights of its own user, since it refuses root."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{program}"))
    path = str(found[-1]) if found else shutil.which(program)
    if path is None:
        raise RuntimeError(f"{program} is not installed: apt-get install postgresql")
    drop = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []
    subprocess.run([*drop, path, *arguments], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/")
