"""The commands on recorded runs and on the health of the store: ``hanalife runs``, ``doctor``, ``gc``."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

from hanalife import evidence
from hanalife.commands.answers import Answer, Commands, command

if TYPE_CHECKING:
    import pandas as pd

    from hanalife.dataframe.context import ConnectionContext


def add(commands: Commands) -> None:
    """Add the commands to those of the terminal."""
    runs = commands.add_parser("runs", help="find, show, compare, reproduce, export, import and delete runs")
    actions = runs.add_subparsers(required=True, metavar="ACTION")
    _add_runs(actions)
    doctor = command(commands, "doctor", "look the store through", _doctor)
    doctor.add_argument("--repair", action="store_true", help="create missing indexes, replay spool files")
    gc = command(commands, "gc", "delete what nothing refers to", _gc)
    gc.add_argument("--dry-run", action="store_true", help="only say what would be freed")


def _add_runs(actions: Commands) -> None:
    found = command(actions, "list", "find runs", _list)
    found.add_argument("search", nargs="?", default="", help="such as: metrics.AUC > 0.8 order by metrics.AUC desc")
    found.add_argument("--experiment", action="append", help="only this experiment; may be given again")
    found.add_argument("--columns", help="such as: name,metrics.AUC,params.*")
    found.add_argument("--all-attempts", action="store_true", help="earlier attempts of a name too")
    command(actions, "show", "show all that is recorded of a run", _show).add_argument("run", help=_RUN)
    compare = command(actions, "compare", "show what differs between two runs; exit status 3 if anything", _compare)
    compare.add_argument("left", help=_RUN)
    compare.add_argument("right", help=_RUN)
    again = command(actions, "reproduce", "fit a run again; exit status 3 if the result differs", _reproduce)
    again.add_argument("run", help=_RUN)
    again.add_argument("--tolerance", type=float, default=1e-6, help="relative (default: %(default)s)")
    out = command(actions, "export", "write an experiment to one file, signed if HANALIFE_SIGNING_KEY is set", _export)
    out.add_argument("experiment")
    out.add_argument("file")
    into = command(
        actions, "import", "add the runs of a file, which must be signed if HANALIFE_SIGNING_KEY is set", _import
    )
    into.add_argument("file")
    into.add_argument("--experiment", help="another name for the experiment")
    delete = command(actions, "delete", "delete a run, all attempts of its name", _delete)
    delete.add_argument("run", help="experiment/name")
    delete.add_argument("--force", action="store_true", help="also if it is still ACTIVE")


_RUN = "run id, or experiment/name"


def _list(conn: ConnectionContext, options: argparse.Namespace) -> Answer:
    from hanalife.tracking.events import to_json
    from hanalife.tracking.search import search_runs

    columns = None if options.columns is None else options.columns.split(",")
    runs = search_runs(conn, options.search, options.experiment, columns, all_attempts=options.all_attempts)
    rows = _with_sources(conn, options, runs.collect())
    moments = [name for name in rows if rows[name].dtype.kind == "M"]
    shown = rows.assign(**{name: rows[name].dt.strftime("%Y-%m-%dT%H:%M:%SZ") for name in moments})
    plain = shown.astype(object).where(shown.notna(), None).to_dict("records")
    return json.loads(to_json(plain)), shown.to_string(index=False) if len(shown) else "no runs", 0


def _with_sources(conn: ConnectionContext, options: argparse.Namespace, rows: pd.DataFrame) -> pd.DataFrame:
    """Add to each metric without a named source a column that names it, run by run."""
    from hanalife.tracking.search import search_runs

    metrics = [name for name in rows if name.startswith("metrics.") and "@" not in name]
    if not metrics:
        return rows
    columns = [f"{name}@{source}" for name in metrics for source in evidence.SOURCES]
    every = search_runs(conn, options.search, options.experiment, columns, all_attempts=options.all_attempts).collect()
    for name in metrics:
        known = every[[f"{name}@{source}" for source in evidence.SOURCES]].notna()
        first = known.idxmax(axis="columns").str.rpartition("@")[2].where(known.any(axis="columns"))
        rows.insert(rows.columns.get_loc(name) + 1, f"{name} source", first)
    return rows


def _show(conn: ConnectionContext, options: argparse.Namespace) -> Answer:
    from dataclasses import asdict

    from hanalife.tracking import run_facts
    from hanalife.tracking.events import to_json

    facts = run_facts.find(conn, options.run)
    sources = {label: key.source for key, label in evidence.labels(facts.metrics).items()}
    measured = {"metrics": evidence.by_label(facts.metrics), "metric_sources": sources}
    plain = json.loads(to_json(asdict(facts) | measured))
    lines = [f"{name:20} {value}" for name, value in plain["run"].items() if value not in (None, "")]
    for title in ("params", "metrics", "tags"):
        shown = sources if title == "metrics" else {}
        lines += ["", title, *(f"  {name:30} {value} {shown.get(name, '')}" for name, value in plain[title].items())]
    lines += [
        "",
        "data",
        *(f"  {name:30} {plain['dataset'].get(name)}" for name in ("ROWS", "COLUMNS", "CONTENT_HASH")),
    ]
    return plain, "\n".join(lines), 0


def _compare(conn: ConnectionContext, options: argparse.Namespace) -> Answer:
    from hanalife.tracking.compare import compare_runs

    found = compare_runs(conn, options.left, options.right)
    return found.to_json(), str(found), 0 if found.is_same else 3


def _reproduce(conn: ConnectionContext, options: argparse.Namespace) -> Answer:
    from hanalife.lifecycle.reproduce import Verdict, reproduce

    found = reproduce(conn, options.run, tolerance=options.tolerance)
    return found.to_json(), str(found), 3 if found.verdict is Verdict.DIFFERS else 0


def _export(conn: ConnectionContext, options: argparse.Namespace) -> Answer:
    from hanalife.tracking.bundle import export_experiment

    path = export_experiment(conn, options.experiment, options.file)
    return {"file": str(path), "bytes": path.stat().st_size}, f"{path}: {path.stat().st_size} bytes", 0


def _import(conn: ConnectionContext, options: argparse.Namespace) -> Answer:
    from hanalife.tracking.bundle import import_experiment

    done = import_experiment(conn, options.file, options.experiment)
    plain = {"experiment_id": done.experiment_id, "runs": list(done.runs), "known": list(done.known)}
    return plain, f"{done.experiment_id}: {len(done.runs)} runs added, {len(done.known)} were there", 0


def _delete(conn: ConnectionContext, options: argparse.Namespace) -> Answer:
    from hanalife.errors import InvalidArgumentError
    from hanalife.tracking import run_facts
    from hanalife.tracking.log import delete_run_log

    facts = run_facts.find(conn, options.run)
    experiment_id, name = facts.run.experiment_id, facts.run.name
    if options.run != f"{experiment_id}/{name}":
        raise InvalidArgumentError(f"run: write {experiment_id}/{name}; all attempts of the name are deleted.")
    delete_run_log(conn, experiment_id, name, remove_mode=True, is_force=options.force)
    return {"deleted": options.run}, f"{options.run} is deleted", 0


def _doctor(conn: ConnectionContext, options: argparse.Namespace) -> Answer:
    from hanalife.tracking.maintenance import check_store

    health = check_store(conn, repair=options.repair)
    return health.to_json(), str(health), 0 if health.is_good else 3


def _gc(conn: ConnectionContext, options: argparse.Namespace) -> Answer:
    from hanalife.tracking.maintenance import collect_garbage

    garbage = collect_garbage(conn, dry_run=options.dry_run)
    return garbage.to_json(), str(garbage), 0
