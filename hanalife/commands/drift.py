"""The commands on drift: ``hanalife drift``."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from hanalife.commands.answers import Answer, Commands, command

if TYPE_CHECKING:
    from hanalife.dataframe.context import ConnectionContext
    from hanalife.records import DriftCheck, SpentBudget

_FOUND = 3


def add(commands: Commands) -> None:
    """Add the commands to those of the terminal."""
    drift = commands.add_parser("drift", help="check tables for drift, list and show checks")
    actions = drift.add_subparsers(required=True, metavar="ACTION")
    check = command(actions, "check", "compare two tables and keep the check; exit status 3 if there is drift", _check)
    check.add_argument("reference", help="table of the rows compared with, or with --stored a reference's name")
    check.add_argument("current", help="table of the rows under test")
    check.add_argument("--stored", action="store_true", help="the reference is a stored one")
    check.add_argument("--features", nargs="+", help="columns to watch (default: all but label and prediction)")
    check.add_argument("--label", help="a column to watch where current rows have it")
    check.add_argument("--prediction", help="another one")
    check.add_argument("--minimum-effect", type=float, default=0.1, help="PSI that is too small (default: %(default)s)")
    found = command(actions, "list", "list checks, the newest first", _list)
    found.add_argument("--limit", type=int, default=20, help="default: %(default)s")
    show = command(actions, "show", "show what a check has found of each column", _show)
    show.add_argument("check", help="its id, or the beginning of it")


def _check(conn: ConnectionContext, options: argparse.Namespace) -> Answer:
    found = conn.drift.check(
        options.reference if options.stored else conn.table(options.reference),
        conn.table(options.current),
        features=options.features,
        label=options.label,
        prediction=options.prediction,
        minimum_effect=options.minimum_effect,
    )
    return _plain(found), _text(found), _FOUND if found.verdict == "drift" else 0


def _list(conn: ConnectionContext, options: argparse.Namespace) -> Answer:
    from hanalife.database import checks

    with conn.database.read() as connection:
        found = checks.checks(connection, options.limit)
    heads = [{name: value for name, value in _plain(check).items() if name != "results"} for check in found]
    return heads, "\n".join(map(_head, found)) or "no checks", 0


def _show(conn: ConnectionContext, options: argparse.Namespace) -> Answer:
    from hanalife.database import checks
    from hanalife.errors import DataNotFoundError

    with conn.database.read() as connection:
        found = checks.beginning_with(connection, options.check)
    if len(found) != 1:
        raise DataNotFoundError(f"check: {len(found)} checks have an id that begins with {options.check!r}.")
    return _plain(found[0]), _text(found[0]), 0


def _head(check: DriftCheck) -> str:
    window = f" {check.window}" if check.window else ""
    rows = f"{check.current_rows:,} rows of {check.current}{window}"
    alone = "" if check.single_verdict is None else f" (this check alone: {check.single_verdict})"
    return f"{check.check_id[:12]}  {check.created_at:%Y-%m-%d %H:%M}  {check.verdict:<9} {rows}{alone}"


def _text(check: DriftCheck) -> str:
    from hanalife.drift.performance_check import PERFORMANCE

    lines = [_head(check), f"compared with {check.reference_rows:,} rows of {check.reference}", ""]
    for one in check.results:
        shown = [*(one.effects[:1] if one.role == PERFORMANCE else ()), *([one.effect] if one.effect else ())]
        size = ", ".join(f"{effect.measure} {effect.value:.3f} ({effect.interval})" for effect in shown) or "-"
        lines.append(f"{one.column:<24} {one.verdict:<9} {size}{f'  {one.reason}' if one.reason else ''}")
        if one.evidence is not None and check.budget is not None:
            evidence = f"evidence {one.evidence:,.3g} of {check.budget.alarm_threshold:,.0f} for an alarm"
            lines.append(f"{'':<24} alone: {one.single_verdict}; {evidence}")
    if check.budget is not None:
        lines.append(_budget(check.budget))
    return "\n".join([*lines, *(f"note: {note}" for note in check.notes)])


def _budget(budget: SpentBudget) -> str:
    limit = f"{budget.false_alarms:g} false alarms a {budget.per}"
    return f"alarm budget of {budget.task_id!r}: {budget.spent:.2g} of {limit} spent"


def _plain(check: DriftCheck) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(json.dumps(asdict(check), default=str))
    return plain
