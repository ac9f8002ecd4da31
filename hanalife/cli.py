"""The command ``hanalife``."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from collections.abc import Sequence

from hanalife import runs_command
from hanalife._version import __version__


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return the exit status: 0 good, 1 an explained error, 2 wrong usage, 3 a bad finding."""
    options = _parser().parse_args(arguments)
    from hanalife.errors import Error

    try:
        return int(options.command(options))
    except Error as error:
        print(f"hanalife: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="hanalife", description="Model lifecycle management in any SQL database.")
    parser.add_argument("--version", action="version", version=f"hanalife {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    demo = commands.add_parser("demo", help="run the whole life cycle on the diabetes data")
    demo.add_argument("--url", default="sqlite:///hanalife-demo.db", help="database (default: %(default)s)")
    demo.add_argument("--page", default="hanalife-demo.html", help="HTML page to write (default: %(default)s)")
    demo.set_defaults(command=_demo)

    worker = commands.add_parser("worker", help="run scheduled tasks until stopped")
    worker.add_argument("--url", help="database (default: HANALIFE_URL, else sqlite:///hanalife.db)")
    worker.add_argument("--max-jobs", type=int, default=2, help="jobs at the same time (default: %(default)s)")
    worker.set_defaults(command=_worker)

    runs_command.add(commands)
    return parser


def _demo(options: argparse.Namespace) -> int:
    from hanalife.demo import run_demo

    print(run_demo(options.url, options.page))
    return 0


def _worker(options: argparse.Namespace) -> int:
    from hanalife.dataframe.context import ConnectionContext
    from hanalife.lifecycle.job import COMMAND
    from hanalife.scheduling.worker import run_worker

    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with ConnectionContext(options.url or "") as conn:
        print(f"hanalife worker {os.getpid()} on {conn.database.label}; stop it with Ctrl-C", flush=True)
        run_worker(conn.database, COMMAND, stop, max_jobs=options.max_jobs)
    return 0


if __name__ == "__main__":
    sys.exit(main())
