"""The command `npmtrust`. Exit status 0, 1 (it failed, with one line why), 2 (usage).

What a command needs is imported when it runs: the whole bot takes a second, and `npmtrust version` none.
"""

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from bot import __version__
from bot.errors import StartupError, UsageError
from bot.init import ITEMS, collect, collect_again, find_asked

if TYPE_CHECKING:
    from bot.domain.findings import Finding

    Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001 (it has no public name)


KEYS = "NPMTRUST_SECRET_KEYS"
LAST_PORT = 65535


def main(argv: Sequence[str] | None = None) -> int:
    """Do what a command line says; tell the exit status."""
    arguments = make_parser().parse_args(argv)
    try:
        status: int = arguments.do(arguments)
        sys.stdout.flush()
    except StartupError as err:
        print(f"npmtrust: {_with_way_out(str(err))}", file=sys.stderr)
        return 2 if isinstance(err, UsageError) else 1
    except BrokenPipeError:  # whoever reads, such as `head`, has seen enough; Python would complain at its end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        print("\nnpmtrust: stopped", file=sys.stderr)
        return 1
    return status


def _with_way_out(why: str) -> str:
    """Add what sets it, where a setting is missing without which nothing begins."""
    if not why.endswith("is not set"):
        return why
    if "SLACK_BOT_TOKEN" in why:
        return f"{why}. `npmtrust init` asks for the settings and writes them into .env"
    # Not `init` here: it would make a new key, with which a database that is there cannot be opened.
    return (
        f"{why}. It is what `npmtrust run` has; before a first start `npmtrust keygen` prints a key"
        if KEYS in why
        else why
    )


def make_parser() -> argparse.ArgumentParser:
    """Make what reads the command line."""
    parser = argparse.ArgumentParser(
        prog="npmtrust",
        description="The owners of npm packages manage trusted publishers together, from Slack.",
        epilog="`npmtrust sandbox` tries it out without any account; `npmtrust init` sets it up for your Slack.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add(commands, "run", "run the bot, with the settings of the environment and of .env").set_defaults(do=_run)
    sandbox = _add(commands, "sandbox", "run it on this machine alone, with a simulated npm and Slack")
    sandbox.add_argument("--port", type=_port, default=0, help="of the page to open (default: any that is free)")
    sandbox.set_defaults(do=_run_sandbox)
    _add(commands, "migrate", "bring the database to the schema of this version").set_defaults(do=_migrate)
    check = _add(
        commands, "check", "look at everything that `run` needs, and say how to mend it; status 1 where something fails"
    )
    check.add_argument("--json", action="store_true", help="print what was found as JSON")
    check.set_defaults(do=_check)
    _add_init(commands)
    _add_storage(commands)
    _add_policy(commands)
    manifest = _add(commands, "manifest", "print the app manifest for Slack")
    mode = manifest.add_mutually_exclusive_group()
    mode.add_argument("--socket", action="store_true", help="for Socket Mode (default): no public address is needed")
    mode.add_argument("--http", metavar="URL", default="", help="for HTTP: the public address of the bot")
    manifest.set_defaults(do=_print_manifest)
    _add(commands, "keygen", "print a new key for NPMTRUST_SECRET_KEYS").set_defaults(do=_print_key)
    _add(commands, "version", "print the version").set_defaults(do=_print_version)
    return parser


def _add(commands: "Commands", name: str, told: str) -> argparse.ArgumentParser:
    """Add a command; its own help says what the list of commands says of it."""
    return commands.add_parser(name, help=told, description=f"{told[0].upper()}{told[1:]}.")


def _port(text: str) -> int:
    """Read the number of a port.

    Raises:
        ArgumentTypeError: It is none.
    """
    if not text.isdecimal() or int(text) > LAST_PORT:
        raise argparse.ArgumentTypeError(f"expected a port from 0 to {LAST_PORT}, came {text!r}")
    return int(text)


def _add_policy(commands: "Commands") -> None:
    policy = _add(commands, "policy", "look at a policy file").add_subparsers(required=True, metavar="COMMAND")
    check = _add(policy, "check", "say whether a policy file can be used; status 1 where it cannot")
    check.add_argument("file", metavar="FILE", type=Path, nargs="?", help="default: that of NPMTRUST_POLICY_FILE")
    check.set_defaults(do=_check_policy)
    explain = _add(policy, "explain", "say which rule decides, who may approve, and why others may not")
    explain.add_argument("package", metavar="PACKAGE", help="such as @acme/ui")
    explain.add_argument("--as", dest="requester", metavar="USER", default="", help="Slack id of who would ask")
    explain.add_argument("--provider", choices=("github", "gitlab"), default="github", help="default: github")
    explain.add_argument("--repo", metavar="OWNER/REPO", default="", help="with --file: whether it may be asked for")
    explain.add_argument("--file", metavar="FILE", default="", help="the workflow file, with --repo")
    explain.add_argument("--env", dest="environment", metavar="NAME", default="", help="the environment, with both")
    explain.set_defaults(do=_explain_policy)
    schema = _add(policy, "schema", "print the JSON schema of policy files, for editors")
    schema.set_defaults(do=_print_policy_schema)


def _add_storage(commands: "Commands") -> None:
    """All of it may run beside `npmtrust run`, but for `restore`."""
    audit = _add(commands, "audit", "verify and export the record").add_subparsers(required=True, metavar="COMMAND")
    verify = _add(audit, "verify", "read the whole record with its seals; status 1 where it does not hold")
    verify.add_argument(
        "--head",
        metavar="N:HASH",
        default="",
        help="as the newest digest shows it; without it, an end cut off is not seen",
    )
    verify.set_defaults(do=_verify_record)
    export = _add(audit, "export", "print the record, oldest first")
    form = export.add_mutually_exclusive_group(required=True)
    form.add_argument("--csv", action="store_true", help="as CSV, in which no cell is a formula")
    form.add_argument("--json", action="store_true", help="as JSON")
    export.add_argument("--since", metavar="TIME", default="", help="2026-11-23, or 2026-11-23T14:00 (UTC)")
    export.add_argument("--until", metavar="TIME", default="", help="the same; a day is included")
    export.set_defaults(do=_export_record)
    backup = _add(commands, "backup", "copy the SQLite database while the bot runs; PostgreSQL: tell how")
    backup.add_argument("file", metavar="FILE", type=Path, help="where the copy is to be")
    backup.add_argument("--force", action="store_true", help="replace a FILE that is there")
    backup.set_defaults(do=_backup)
    restore = _add(commands, "restore", "put a copy in the place of the SQLite database; the old one is kept")
    restore.add_argument("file", metavar="FILE", type=Path, help="what `npmtrust backup` made")
    restore.set_defaults(do=_restore)
    keys = _add(commands, "keys", "change NPMTRUST_SECRET_KEYS").add_subparsers(required=True, metavar="COMMAND")
    rotate = _add(keys, "rotate", "seal everything anew with the first of NPMTRUST_SECRET_KEYS, while the bot runs")
    rotate.set_defaults(do=_rotate_keys)


def _add_init(commands: "Commands") -> None:
    init = _add(commands, "init", "ask for the settings, write them into .env, and check them")
    init.add_argument("--force", action="store_true", help="change the .env that is there; what is not given stays")
    for item in ITEMS:
        init.add_argument(
            item.flag, dest=item.variable, metavar="TEXT", help=f"{item.variable}; else the environment's"
        )
    init.set_defaults(do=_init)


def _run(_arguments: argparse.Namespace) -> int:
    from bot.hardening import close_memory
    from bot.settings import load_settings

    close_memory()  # before anything secret is in it

    settings = load_settings()  # before the whole bot is loaded: a mistake in them is told at once
    from bot import app, log

    log.configure(settings.log_format, settings.log_level)
    asyncio.run(app.run(settings))
    return 0


def _run_sandbox(arguments: argparse.Namespace) -> int:
    from bot.sandbox import launcher

    return launcher.main(arguments.port, os.environ)


def _migrate(_arguments: argparse.Namespace) -> int:
    from bot import app
    from bot.settings import load_storage_settings
    from storage.migrate import revisions

    asyncio.run(app.migrate_database(load_storage_settings()))
    print(f"The database has schema {revisions()[-1]}, which npmtrust {__version__} needs.")
    return 0


def _check_policy(arguments: argparse.Namespace) -> int:
    from bot import policy_cli

    named = os.environ.get("NPMTRUST_POLICY_FILE", "")
    print(policy_cli.check_file(arguments.file or (Path(named) if named else None)))
    return 0


def _explain_policy(arguments: argparse.Namespace) -> int:
    from bot import app
    from bot.policy_cli import Asked
    from bot.settings import load_settings

    source = {"github": "repo", "gitlab": "project"}[arguments.provider]
    given = {source: arguments.repo, "file": arguments.file, "environment": arguments.environment}
    fields = {name: (value,) for name, value in given.items() if value} or None
    asked = Asked(arguments.package, arguments.requester, arguments.provider, fields)
    print(asyncio.run(app.explain_policy(load_settings(), asked)))
    return 0


def _print_policy_schema(_arguments: argparse.Namespace) -> int:
    from bot.domain.policy_file import schema_of_file

    print(schema_of_file(), end="")
    return 0


def _verify_record(arguments: argparse.Namespace) -> int:
    from bot import audit_cli
    from bot.settings import load_storage_settings

    settings = load_storage_settings()
    return audit_cli.verify(settings.database_url.get_secret_value(), settings.secret_keys, head=arguments.head)


def _export_record(arguments: argparse.Namespace) -> int:
    from bot import audit_cli
    from bot.settings import load_storage_settings

    settings, span = load_storage_settings(), {"since": arguments.since, "until": arguments.until}
    url = settings.database_url.get_secret_value()
    return audit_cli.export(url, settings.secret_keys, as_json=arguments.json, **span)


def _backup(arguments: argparse.Namespace) -> int:
    from bot import storage_cli
    from bot.settings import load_storage_settings

    settings = load_storage_settings()
    url = settings.database_url.get_secret_value()
    return storage_cli.backup(url, settings.secret_keys, arguments.file, force=arguments.force)


def _restore(arguments: argparse.Namespace) -> int:
    from bot import storage_cli
    from bot.settings import load_storage_settings

    settings = load_storage_settings()
    return storage_cli.bring_back(settings.database_url.get_secret_value(), settings.secret_keys, arguments.file)


def _rotate_keys(_arguments: argparse.Namespace) -> int:
    from bot import storage_cli
    from bot.settings import load_storage_settings

    settings = load_storage_settings()
    return storage_cli.rotate_keys(settings.database_url.get_secret_value(), settings.secret_keys)


def _check(arguments: argparse.Namespace) -> int:
    from bot.domain.findings import has_failed
    from bot.messages.doctor import findings_as_json, findings_as_text

    findings = _look()
    print(findings_as_json(findings) if arguments.json else findings_as_text(findings))
    return 1 if has_failed(findings) else 0


def _look() -> "list[Finding]":
    from bot import app
    from bot.clock import Clock
    from bot.messages.findings import settings_wrong
    from bot.settings import load_settings

    try:
        settings = load_settings()
    except StartupError as err:
        return [settings_wrong(str(err))]
    return asyncio.run(app.check_installation(settings, Clock()))


def _init(arguments: argparse.Namespace) -> int:
    from cryptography.fernet import Fernet

    from bot import env_file
    from bot.settings import find_registry, parse_settings

    path = Path(".env")
    old = env_file.load_file(path, force=arguments.force)
    variables = {item.variable for item in ITEMS}
    environment = {name: value for name, value in os.environ.items() if name in variables | {KEYS} and value}
    given = {name: value for name, value in vars(arguments).items() if name in variables and value is not None}
    npms_own = os.environ.get("NPM_CONFIG_REGISTRY", "")
    ask = _ask if sys.stdin.isatty() else None
    values = collect(given, old | environment, ask, lambda: npms_own or find_registry())
    values.setdefault(KEYS, Fernet.generate_key().decode())
    while ask and (mistake := _mistake_in(values)):
        print(f"npmtrust: {mistake}", file=sys.stderr)
        values = collect_again(values, mistake, ask)
    parse_settings(values)
    env_file.write_file(path, values)
    print(f"{path} is written, for its owner's eyes alone. Everything is looked at now:\n")
    status = _check(argparse.Namespace(json=False))
    print("\nMend what failed, then: npmtrust check" if status else "\nNext: npmtrust run")
    return status


def _mistake_in(values: Mapping[str, str]) -> str:
    """Tell what is wrong with something that was asked for; the rest is told at the end."""
    from bot.settings import parse_settings

    try:
        parse_settings(values)
    except StartupError as err:
        return str(err) if find_asked(str(err)) else ""
    return ""


def _ask(question: str, is_secret: bool) -> str:  # noqa: FBT001 -- as `init.Ask` has it
    from getpass import getpass

    try:
        return getpass(question) if is_secret else input(question)
    except EOFError:
        print()  # the cursor stands behind the question
        raise StartupError("nothing is written, since the answers ended") from None


def _print_manifest(arguments: argparse.Namespace) -> int:
    from bot.manifest import build_manifest

    print(json.dumps(build_manifest(arguments.http), indent=2, ensure_ascii=False))
    return 0


def _print_key(_arguments: argparse.Namespace) -> int:
    from cryptography.fernet import Fernet

    print(Fernet.generate_key().decode())
    return 0


def _print_version(_arguments: argparse.Namespace) -> int:
    print(f"npmtrust {__version__}")
    return 0
