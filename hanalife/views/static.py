"""The monitors as HTML that needs no kernel, no script and no network."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape

from hanalife.drawing import charts, page
from hanalife.evidence import MetricKey
from hanalife.observation import MetricSource
from hanalife.views import encoding, ranking
from hanalife.views.payloads.runs import (
    ArtifactRow,
    ExperimentsPayload,
    MetricRow,
    ModelLink,
    RunDetail,
    RunLink,
    RunRow,
    Search,
)
from hanalife.views.payloads.tasks import Part, TaskDetail, TaskLogRow, TaskRow, TasksPayload
from hanalife.views.payloads.words import Fact, Grid

#: Candidates of a search in a page.
MOST_CANDIDATES = 10
#: A saved output has so many of the newest rows.
MOST_ROWS_IN_CELL = 20
#: Metric columns of a table of runs.
MOST_METRICS = 6

#: A sign before each status word, so that it is not told by colour.
_SIGNS = {"FINISHED": "✓", "SUCCEEDED": "✓", "RAN": "✓", "ACTIVE": "▸", "RUNNING": "▸"}
_SIGNS |= {"LATE": "!", "SKIPPED": "»", "MERGED": "≡"}
_SIGNS |= dict.fromkeys(("FAILED", "TIMED_OUT", "ABANDONED", "MISSED"), "✕")


# --- runs -------------------------------------------------------------------------------------


def runs_table(
    payload: ExperimentsPayload,
    most: int = MOST_ROWS_IN_CELL,
    most_metrics: int = MOST_METRICS,
    *,
    sortable: bool = False,
) -> str:
    """Return the newest runs as an HTML table: held-out metrics first, a star at the best by the primary one."""
    rows = list(reversed(payload["runs"]))[:most]
    chief = ranking.primary_of(payload["experiments"], payload["runs"])
    best = ranking.best(rows, chief) if chief else None
    metrics = ranking.columns(ranking.summary(rows).numbers, chief, most_metrics)
    caption = f"{_number(payload['total'], 'run')} of {_count(payload['experiments'], 'experiment')}"
    if len(rows) < payload["total"]:
        caption += f", the newest {len(rows)}"
    titles = [ranking.title(key) for key in metrics]
    head = ["Run", "Experiment", "Status", *titles, "Dataset", "Created (UTC)", "Seconds"]
    cells = [
        _run_cells(row, metrics, chief, best.text if best and best.run_id == row["run_id"] else "") for row in rows
    ]
    return _absent(payload["absent"]) + page.table(caption, head, cells, [*titles, "Seconds"], sortable=sortable)


def _run_cells(row: RunRow, metrics: Iterable[MetricKey], chief: MetricKey | None, best: str) -> list[str]:
    duration = row["duration_seconds"]
    return [
        page.cell(row["name"]),
        page.cell(row["experiment_id"]),
        _word(row["status"]),
        *(
            page.number(
                ranking.value_of(row, key),
                best=best if key == chief else "",
                is_dim=key.source is MetricSource.TRAIN,
            )
            for key in metrics
        ),
        page.cell(row["dataset_name"]),
        page.cell(encoding.short_utc(row["created_at"])),
        page.number(duration),
    ]


def run_details(detail: RunDetail) -> str:
    """Return one run as a ``<details>`` element."""
    signature = detail["signature"]
    parts = [
        _facts("Overview", detail["overview"]),
        _facts("Notes", [{"name": "Notes", "value": detail["notes"]}] if detail["notes"] else []),
        _facts("Tags", detail["tags"]),
        _runs("Within", [detail["parent"]] if detail["parent"] else []),
        _runs("Runs within it", detail["children"]),
        _models(detail["models"]),
        _facts("Parameters", detail["parameters"]),
        _facts("Optimal parameters", detail["optimal"]),
        _metric_part(detail["metrics"]),
        *(_candidates(search) for search in detail["searches"]),
        _facts("Environment", detail["environment"]),
        _facts("Code", detail["code"]),
        _artifacts(detail["artifacts"]),
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
    drawn = [charts.curve(curve) for curve in detail["curves"]]
    if detail["confusion"] is not None:
        source = f" ({detail['confusion']['source']})" if detail["confusion"]["source"] else ""
        drawn.append(charts.heat_map(f"Confusion Matrix{source}", detail["confusion"]))
    if detail["importance"]:
        drawn.append(charts.bars("Variable Importance", detail["importance"][:30]))
    drawn += [f"{charts.curve(chart)}<br><small>{escape(chart['summary'])}</small>" for chart in detail["learning"]]
    drawn += [charts.curve(search["chart"]) for search in detail["searches"]]
    return [f"<div>{chart}</div>" for chart in drawn]


def _metric_part(metrics: Sequence[MetricRow]) -> str:
    rows = [
        [
            page.cell(row["name"]),
            page.cell(_source(row)),
            page.number(row["value"], is_dim=row["source"] == "train"),
            page.cell(_interval(row)),
        ]
        for row in metrics
    ]
    head = ["Metric", "Source", "Value", "95 % interval"]
    return page.part("Metrics", page.table("", head, rows, ("Value",))) if rows else ""


def _source(row: MetricRow) -> str:
    parts = [row["source"], "" if row["rows"] is None else f"{row['rows']:,} rows", row["note"]]
    return ", ".join(part for part in parts if part)


def _interval(row: MetricRow) -> str:
    low, high = row["low"], row["high"]
    if low is None or high is None:
        return f"no interval: {row['no_interval']}" if row["no_interval"] else ""
    return f"{float(low):.4g} to {float(high):.4g}"


def _candidates(search: Search) -> str:
    rows = [
        [
            page.number(one["candidate"]),
            page.number(one["score"], is_dim=not one["complete"]),
            page.number(one["folds"] if one["complete"] else f"{one['folds']} so far"),
            page.number(one["rung"]),
            page.cell(one["parameters"]),
        ]
        for one in search["candidates"][:MOST_CANDIDATES]
    ]
    head = ["Candidate", f"Mean {search['metric']} (cv)", "Folds", "Rung", "Parameters"]
    title = f"Search: the best of {_number(search['total'], 'candidate')}"
    return page.part(title, f"<p>{escape(search['summary'])}</p>" + page.table("", head, rows))


def _artifacts(artifacts: Sequence[ArtifactRow]) -> str:
    rows = [
        [page.cell(one["name"]), page.cell(one["kind"]), page.cell(encoding.size(one["size_bytes"]))]
        for one in artifacts
    ]
    return page.part("Artifacts", page.table("", ["Name", "Kind", "Size"], rows)) if rows else ""


def _models(links: Sequence[ModelLink]) -> str:
    rows = [
        [page.cell(link["name"]), page.number(link["version"]), page.cell(", ".join(link["aliases"]))] for link in links
    ]
    return page.part("Stored as", page.table("", ["Model", "Version", "Aliases"], rows)) if rows else ""


def _runs(title: str, links: Sequence[RunLink]) -> str:
    rows = [[page.cell(link["name"]), _word(link["status"])] for link in links]
    return page.part(title, page.table("", ["Run", "Status"], rows)) if rows else ""


# --- tasks ------------------------------------------------------------------------------------


def tasks_table(payload: TasksPayload, most: int = MOST_ROWS_IN_CELL, *, sortable: bool = False) -> str:
    """Return tasks as an HTML table."""
    rows = payload["tasks"][:most]
    caption = f"{_count(payload['tasks'], 'task')}, {_count(payload['workers'], 'worker')} running"
    head = ["Task", "Kind", "Schedule", "Next run (UTC)", "Last status", "Last run (UTC)"]
    cells = [_task_cells(row) for row in rows]
    return _absent(payload["absent"]) + page.table(caption, head, cells, sortable=sortable)


def _count(things: Sequence[object], word: str) -> str:
    return _number(len(things), word)


def _number(count: int, word: str) -> str:
    return f"{f'{count:,}' if count else 'no'} {word}{'' if count == 1 else 's'}"


def _task_cells(row: TaskRow) -> list[str]:
    job = row["last_job"]
    return [
        page.cell(row["task_id"]),
        page.cell(row["kind"]),
        page.cell(row["schedule_text"]),
        page.cell(encoding.short_utc(row["next_due"])),
        _word(job["status"]) if job else page.cell("never run"),
        page.cell(encoding.short_utc(job["started_at"]) if job else ""),
    ]


def task_details(detail: TaskDetail) -> str:
    """Return one task as a ``<details>`` element."""
    jobs = [
        [
            page.number(job["job_id"]),
            _word(job["status"]),
            page.cell(encoding.short_utc(job["due"])),
            page.cell(encoding.short_utc(job["started_at"])),
            page.number(job["duration_seconds"]),
            page.number(job["cpu_seconds"]),
            page.cell("" if job["peak_memory_bytes"] is None else encoding.size(job["peak_memory_bytes"])),
            page.number(job["attempt"]),
            page.number(job["failures"]),
            page.cell(job["run_id"] or ""),
            page.cell(job["message"]),
        ]
        for job in detail["jobs"]
    ]
    ledger = [
        [page.cell(encoding.short_utc(tick["due"])), _word(tick["status"]), page.number(tick["job_id"])]
        for tick in detail["ledger"]
    ]
    log = [
        [page.cell(encoding.short_utc(line["event_time"])), page.cell(line["event_key"]), page.cell(_message(line))]
        for line in detail["log"]
    ]
    job_head = ["Job", "Status", "Due (UTC)", "Started (UTC)", "Seconds", "CPU seconds", "Peak memory"]
    job_head += ["Attempt", "Failures", "Run", "Message"]
    parts = [
        _parts(detail["parts"]),
        page.part("Jobs", page.table("", job_head, jobs)) if jobs else "",
        page.part("Ledger", page.table("", ["Due (UTC)", "What became of it", "Job"], ledger)) if ledger else "",
        _facts("Policy", detail["policy"]),
        _facts("Trigger", detail["trigger"]),
        _facts("Definition", detail["definition"]),
        _facts("Parameters", detail["parameters"]),
        page.part("Log", page.table("", ["Time (UTC)", "Event", "Message"], log)) if log else "",
    ]
    return (
        f"<details><summary>{escape(detail['task']['task_id'])} <small>{escape(detail['task']['schedule_text'])}"
        f"</small></summary><div class='parts'>{''.join(parts)}</div></details>"
    )


def _message(line: TaskLogRow) -> str:
    cut = line["length"] - len(line["message"])
    return f"{line['message']} ... ({line['length']:,} characters)" if cut > 0 else line["message"]


def _parts(parts: Sequence[Part]) -> str:
    rows = list(_part_rows(parts, 0))
    return page.part("Parts", page.table("", ["Part", "Kind", "Status"], rows)) if rows else ""


def _part_rows(parts: Sequence[Part], level: int) -> Iterator[list[str]]:
    for place, part in enumerate(parts, 1):
        job = part["job"]
        yield [
            page.cell(f"{'    ' * level}{place}. {part['task_id']}"),
            page.cell(part["kind"]),
            _word(job["status"]) if job else page.cell("no turn yet"),
        ]
        yield from _part_rows(part["parts"], level + 1)


# --- pieces -----------------------------------------------------------------------------------


def _facts(title: str, facts: Sequence[Fact]) -> str:
    if not facts:
        return ""
    rows = "".join(
        f"<tr><th scope='row'>{escape(fact['name'])}</th><td>{escape(fact['value'])}</td></tr>" for fact in facts
    )
    return page.part(title, f"<table><tbody>{rows}</tbody></table>")


def _grid(title: str, grid: Grid) -> str:
    return (
        page.part(title, page.table("", grid["columns"], [[page.cell(cell) for cell in row] for row in grid["rows"]]))
        if grid["rows"]
        else ""
    )


def _absent(ids: Sequence[str]) -> str:
    return f"<p>Not recorded yet: {escape(', '.join(ids))}.</p>" if ids else ""


def _word(status: str) -> str:
    return f"<td class='word'>{_sign(status)}</td>"


def _sign(status: str) -> str:
    return f"{_SIGNS.get(status, '·')} {status.lower()}"
