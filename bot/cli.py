"""The command `npmtrust`. Exit status 0, 1 (it failed, with one line why), 2 (usage).

What a command needs is imported when it runs: the whole bot takes a second, and `npmtrust version` none.
"""

import argparse
import asyncio
import os
import sys
from collections.abc import Sequence

from bot import __version__
from bot.errors import StartupError


def main(argv: Sequence[str] | None = None) -> int:
    """Do what a command line says; tell the exit status."""
    arguments = _parser().parse_args(argv)
    try:
        status: int = arguments.do(arguments)
    except StartupError as err:
        print(f"npmtrust: {err}", file=sys.stderr)
        return 1
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="npmtrust", description="The owners of npm packages manage trusted publishers together, from Slack."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    commands.add_parser("run", help="run the bot, with the settings of the environment").set_defaults(do=_run)
    sandbox = commands.add_parser("sandbox", help="run it on this machine alone, with a simulated npm and Slack")
    sandbox.add_argument("--port", type=int, default=0, help="of the page to open (default: any that is free)")
    sandbox.set_defaults(do=_run_sandbox)
    commands.add_parser("migrate", help="bring the database to the schema of this version").set_defaults(do=_migrate)
    commands.add_parser("keygen", help="print a new key for NPMTRUST_SECRET_KEYS").set_defaults(do=_print_key)
    commands.add_parser("version", help="print the version").set_defaults(do=_print_version)
    return parser


def _run(_arguments: argparse.Namespace) -> int:
    from bot import app, log
    from bot.settings import load_settings

    settings = load_settings()
    log.configure(settings.log_format, settings.log_level)
    asyncio.run(app.run(settings))
    return 0


def _run_sandbox(arguments: argparse.Namespace) -> int:
    from bot.sandbox import launcher

    return launcher.main(arguments.port, os.environ)


def _migrate(_arguments: argparse.Namespace) -> int:
    from bot import app
    from bot.settings import load_settings

    asyncio.run(app.migrate_database(load_settings()))
    return 0


def _print_key(_arguments: argparse.Namespace) -> int:
    from cryptography.fernet import Fernet

    print(Fernet.generate_key().decode())
    return 0


def _print_version(_arguments: argparse.Namespace) -> int:
    print(f"npmtrust {__version__}")
    return 0
