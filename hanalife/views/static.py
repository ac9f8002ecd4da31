"""The monitors as one page that needs no kernel, no script and no network."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from hanalife.clock import Clock, format_utc, utc_now
from hanalife.views import encoding, experiments, runs, svg, tasks
from hanalife.views.payloads import (
    ExperimentsPayload,
    Fact,
    Grid,
    RunDetail,
    RunRow,
    TaskDetail,
    TaskRow,
    TasksPayload,
)

if TYPE_CHECKING:
    from hanalife.dataframe.context import ConnectionContext

#: So many of the newest runs have their details in a page, so that its size has a bound.
MOST_DETAILS = 50
#: And so many are listed at all.
MOST_ROWS = 1_000
#: A saved output has so many of the newest rows.
MOST_ROWS_IN_CELL = 20
#: Metric columns of a table of runs.
MOST_METRICS = 6

_STYLE = """
:root { color-scheme: light dark; --hl-brand: light-dark(#1565c0, #64b5f6); --hl-good: light-dark(#2e7d32, #81c784);
  --hl-line: light-dark(#d8dce0, #3a3f44); --hl-muted: light-dark(#59636e, #a0a8b0); }
body { margin: 24px auto; max-width: 1160px; padding: 0 20px; color: light-dark(#1f2328, #e6e6e6);
  background: light-dark(#fff, #1b1d1f); font: 13px/1.5 system-ui, sans-serif; }
h1 { font-size: 20px; margin: 0; } h2 { font-size: 16px; margin: 32px 0 8px; }
h3 { font-size: 13px; margin: 14px 0 4px; }
p { margin: 4px 0 10px; } small, .muted, caption { color: var(--hl-muted); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; } caption { text-align: left; }
th, td { padding: 3px 12px 3px 0; text-align: left; vertical-align: top; border-bottom: 1px solid var(--hl-line);
  overflow-wrap: anywhere; }
thead th { color: var(--hl-muted); font-weight: 600; font-size: 12px; white-space: nowrap; }
tbody th { font-weight: 400; color: var(--hl-muted); }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
td.word { white-space: nowrap; }
details { border: 1px solid var(--hl-line); border-radius: 4px; margin: 8px 0; padding: 0 12px; }
summary { padding: 7px 0; cursor: pointer; font-weight: 600; } details[open] { padding-bottom: 12px; }
.parts { display: flex; flex-wrap: wrap; gap: 4px 36px; } .parts > div { max-width: 100%; }
"""

#: A sign before each status word, so that it is not told by colour.
_SIGNS = {"FINISHED": "✓", "SUCCEEDED": "✓", "RAN": "✓", "ACTIVE": "▸", "RUNNING": "▸"}
_SIGNS |= dict.fromkeys(("FAILED", "TIMED_OUT", "ABANDONED", "MISSED"), "✕")


def write_page(
    connection_context: ConnectionContext,
    path: str | Path,
    experiment_ids: Sequence[str] | None = None,
    task_ids: Sequence[str] | None = None,
    *,
    clock: Clock = utc_now,
) -> Path:
    """Write the experiment and the task monitor as one HTML file and return its path.

    Parameters
    ----------
    connection_context : ConnectionContext
        The connection to the store.
    path : str or Path
        The file to write; an old one is replaced.
    experiment_ids, task_ids : sequence of str, optional
        What to show; all by default. The newest 1,000 runs are listed, the newest 50 in detail.
    clock : callable, default hanalife.clock.utc_now
        Gives the present moment.
    """
    now = clock()
    database = connection_context.database
    with database.read() as connection:
        recorded = experiments.read(connection, database.label, experiment_ids)
        newest = list(reversed(recorded["runs"]))[:MOST_DETAILS]
        found = [runs.read(connection, row["run_id"]) for row in newest]
        scheduled = tasks.read(connection, database.label, now, task_ids)
        kept = [tasks.read_one(connection, row["task_id"]) for row in scheduled["tasks"][:MOST_DETAILS]]
    body = [
        f"<h1>hanalife</h1><p class='muted'>{escape(database.label)} at {encoding.short_utc(format_utc(now))}</p>",
        "<h2>Experiments</h2>",
        runs_table(recorded, MOST_ROWS),
        *(run_details(one) for one in found if one is not None),
        "<h2>Scheduled tasks</h2>",
        tasks_table(scheduled, MOST_ROWS),
        *(task_details(one) for one in kept if one is not None),
    ]
    target = Path(path)
    target.write_text(_page("".join(body)), encoding="utf-8")
    return target


def _page(body: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>hanalife</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{_STYLE}</style></head><body>{body}</body></html>\n"
    )


# --- runs -------------------------------------------------------------------------------------


def runs_table(payload: ExperimentsPayload, most: int = MOST_ROWS_IN_CELL) -> str:
    """Return the newest runs as an HTML table."""
    rows = list(reversed(payload["runs"]))[:most]
    metrics = _metrics(rows)
    caption = f"{_count(payload['runs'], 'run')} of {_count(payload['experiments'], 'experiment')}"
    if len(rows) < len(payload["runs"]):
        caption += f", the newest {len(rows)}"
    head = ["Run", "Experiment", "Status", *metrics, "Dataset", "Created (UTC)", "Seconds"]
    cells = [_run_cells(row, metrics) for row in rows]
    return _absent(payload["absent"]) + _table(caption, head, cells, numbers=[*metrics, "Seconds"])


def _metrics(rows: Iterable[RunRow]) -> list[str]:
    names = {name for row in rows for name, value in row["metrics"].items() if not isinstance(value, str)}
    first = ("AUC", "ACCURACY", "KAPPA", "MCC")
    return sorted(names, key=lambda name: (first.index(name) if name in first else len(first), name))[:MOST_METRICS]


def _run_cells(row: RunRow, metrics: Iterable[str]) -> list[str]:
    duration = row["duration_seconds"]
    return [
        _cell(row["name"]),
        _cell(row["experiment_id"]),
        _word(row["status"]),
        *(_number(row["metrics"].get(name)) for name in metrics),
        _cell(row["dataset_name"]),
        _cell(encoding.short_utc(row["created_at"])),
        _number(duration),
    ]


def run_details(detail: RunDetail) -> str:
    """Return one run as a ``<details>`` element."""
    signature = detail["signature"]
    parts = [
        _facts("Overview", detail["overview"]),
        _facts("Parameters", detail["parameters"]),
        _facts("Metrics", detail["metrics"]),
        _facts("Dataset", detail["dataset"]),
        _grid("Columns", detail["columns"]),
        _facts("Signature", signature["properties"]),
        _grid("Input", signature["inputs"]),
        _grid("Output", signature["outputs"]),
    ]
    run = detail["run"]
    title = f"{escape(run['name'])} <small>{escape(run['experiment_id'])}, {_sign(run['status'])}</small>"
    return (
        f"<details><summary>{title}</summary>"
        f"<div class='parts'>{''.join(run_charts(detail))}</div><div class='parts'>{''.join(parts)}</div></details>"
    )


def run_charts(detail: RunDetail) -> list[str]:
    """Return the charts of a run as inline SVG."""
    charts = [svg.curve(curve) for curve in detail["curves"]]
    if detail["confusion"] is not None:
        charts.append(svg.heat_map("Confusion Matrix", detail["confusion"]))
    if detail["importance"]:
        charts.append(svg.bars("Variable Importance", detail["importance"][:30]))
    return [f"<div>{chart}</div>" for chart in charts]


# --- tasks ------------------------------------------------------------------------------------


def tasks_table(payload: TasksPayload, most: int = MOST_ROWS_IN_CELL) -> str:
    """Return tasks as an HTML table."""
    rows = payload["tasks"][:most]
    caption = f"{_count(payload['tasks'], 'task')}, {_count(payload['workers'], 'worker')} running"
    head = ["Task", "Kind", "Schedule", "Next run (UTC)", "Last status", "Last run (UTC)"]
    return _absent(payload["absent"]) + _table(caption, head, [_task_cells(row) for row in rows])


def _count(things: Sequence[object], word: str) -> str:
    return f"{len(things) or 'no'} {word}{'' if len(things) == 1 else 's'}"


def _task_cells(row: TaskRow) -> list[str]:
    job = row["last_job"]
    return [
        _cell(row["task_id"]),
        _cell(row["kind"]),
        _cell(row["schedule_text"]),
        _cell(encoding.short_utc(row["next_due"])),
        _word(job["status"]) if job else _cell("never run"),
        _cell(encoding.short_utc(job["started_at"]) if job else ""),
    ]


def task_details(detail: TaskDetail) -> str:
    """Return one task as a ``<details>`` element."""
    jobs = [
        [
            _number(job["job_id"]),
            _word(job["status"]),
            _cell(encoding.short_utc(job["due"])),
            _cell(encoding.short_utc(job["started_at"])),
            _number(job["duration_seconds"]),
            _cell(job["message"]),
        ]
        for job in detail["jobs"]
    ]
    ledger = [
        [_cell(encoding.short_utc(tick["due"])), _word(tick["status"]), _number(tick["job_id"])]
        for tick in detail["ledger"]
    ]
    log = [
        [_cell(encoding.short_utc(line["event_time"])), _cell(line["event_key"]), _cell(line["message"])]
        for line in detail["log"]
    ]
    job_head = ["Job", "Status", "Due (UTC)", "Started (UTC)", "Seconds", "Message"]
    parts = [
        _part("Jobs", _table("", job_head, jobs)) if jobs else "",
        _part("Ledger", _table("", ["Due (UTC)", "What became of it", "Job"], ledger)) if ledger else "",
        _facts("Definition", detail["definition"]),
        _facts("Parameters", detail["parameters"]),
        _part("Log", _table("", ["Time (UTC)", "Event", "Message"], log)) if log else "",
    ]
    return (
        f"<details><summary>{escape(detail['task']['task_id'])} <small>{escape(detail['task']['schedule_text'])}"
        f"</small></summary><div class='parts'>{''.join(parts)}</div></details>"
    )


# --- pieces -----------------------------------------------------------------------------------


def _table(
    caption: str, head: Sequence[str], rows: Iterable[Sequence[str]], numbers: Sequence[str] = ("Job", "Seconds")
) -> str:
    classes = dict.fromkeys(numbers, " class='number'")
    heading = "".join(f"<th scope='col'{classes.get(name, '')}>{escape(name)}</th>" for name in head)
    body = "".join(f"<tr>{''.join(row)}</tr>" for row in rows)
    title = f"<caption>{escape(caption)}</caption>" if caption else ""
    return f"<div class='scroll'><table>{title}<thead><tr>{heading}</tr></thead><tbody>{body}</tbody></table></div>"


def _part(title: str, content: str) -> str:
    return f"<div><h3>{escape(title)}</h3>{content}</div>"


def _facts(title: str, facts: Sequence[Fact]) -> str:
    if not facts:
        return ""
    rows = "".join(
        f"<tr><th scope='row'>{escape(fact['name'])}</th><td>{escape(fact['value'])}</td></tr>" for fact in facts
    )
    return _part(title, f"<table><tbody>{rows}</tbody></table>")


def _grid(title: str, grid: Grid) -> str:
    return (
        _part(title, _table("", grid["columns"], [[_cell(cell) for cell in row] for row in grid["rows"]]))
        if grid["rows"]
        else ""
    )


def _absent(ids: Sequence[str]) -> str:
    return f"<p>Not recorded yet: {escape(', '.join(ids))}.</p>" if ids else ""


def _cell(text: str) -> str:
    return f"<td>{escape(text)}</td>"


def _word(status: str) -> str:
    return f"<td class='word'>{_sign(status)}</td>"


def _sign(status: str) -> str:
    return f"{_SIGNS.get(status, '·')} {status.lower()}"


def _number(value: float | str | None) -> str:
    text = "" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)
    return f"<td class='number'>{escape(text)}</td>"
