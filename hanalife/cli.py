"""The command ``hanalife``."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from collections.abc import Sequence

from hanalife._version import __version__
from hanalife.commands import drift, models, runs


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
    worker.add_argument("--allow", action="append", default=[], help="package.module[:function] that tasks may call")
    worker.add_argument("--notebooks", metavar="FOLDER", help="where the notebooks are that tasks may execute")
    worker.add_argument("--install", action="store_true", help="write a systemd user unit that keeps it running")
    worker.set_defaults(command=_worker)

    tasks = commands.add_parser("tasks", help="list scheduled tasks and the workers that execute them")
    tasks.add_argument("--url", help="database (default: HANALIFE_URL, else sqlite:///hanalife.db)")
    tasks.add_argument("--json", action="store_true", help="print JSON")
    tasks.set_defaults(command=_tasks)

    runs.add(commands)
    models.add(commands)
    drift.add(commands)
    return parser


def _demo(options: argparse.Namespace) -> int:
    from hanalife.demo import run_demo

    print(run_demo(options.url, options.page))
    return 0


def _worker(options: argparse.Namespace) -> int:
    from hanalife.dataframe.context import ConnectionContext
    from hanalife.lifecycle.job import launcher
    from hanalife.scheduling.service import install
    from hanalife.scheduling.worker import run_worker

    if options.install:
        with ConnectionContext(options.url or "") as conn:
            print(install(conn.database.url, options.max_jobs, options.allow, options.notebooks))
        return 0

    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with ConnectionContext(options.url or "") as conn:
        print(f"hanalife worker {os.getpid()} on {conn.database.label}; stop it with Ctrl-C", flush=True)
        run_worker(conn.database, launcher(options.allow, options.notebooks), stop, max_jobs=options.max_jobs)
    return 0


def _tasks(options: argparse.Namespace) -> int:
    import json

    from hanalife.dataframe.context import ConnectionContext
    from hanalife.views.tasks import as_text, read_now

    with ConnectionContext(options.url or "") as conn:
        found = read_now(conn.database)
    print(json.dumps(found, allow_nan=False) if options.json else as_text(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
