"""From a model's calls to a run in the store."""

from __future__ import annotations

import hashlib
import logging
import os
import socket
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from hanalife import evidence
from hanalife.clock import Clock, IdSource
from hanalife.database.engine import Database
from hanalife.database.run_values import NewPoint
from hanalife.database.shared_records import address
from hanalife.database.snapshots import HASH_VERSION, ROW_DIGESTS
from hanalife.dataframe.transfer import CONTENT_HASH_VERSION
from hanalife.errors import Error
from hanalife.evidence import MetricKey
from hanalife.observation import CallOutcome, CallProgress, CallStart, FoldScore, MetricSource
from hanalife.records import Run, RunStatus
from hanalife.tracking import events, identity, provenance
from hanalife.tracking.batches import Batch, Shared
from hanalife.tracking.events import LogSwitches
from hanalife.tracking.search_leader import SearchLeader
from hanalife.tracking.writer import STORE_TROUBLE, RunWriter, mark_lost_runs

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Target:
    """What calls are recorded as."""

    experiment_id: str
    experiment_description: str
    run_name: str
    description: str
    dataset_name: str | None = None  #: None: the table that the data came from
    dataset_source: str | None = None  #: None: the same
    parent_run_id: str | None = None
    primary_metric: str | None = None  #: of the experiment, unless it has one
    switches: LogSwitches = field(default_factory=LogSwitches)
    log_code: bool = True
    log_environment: bool = True

    def gather(self) -> list[Shared]:
        """Return code and environment, as far as they are to be recorded."""
        found = [provenance.code(), provenance.cells()] if self.log_code else []
        return [item for item in (*found, provenance.environment() if self.log_environment else None) if item]

    def draft(self, run_id: str, procedure: str) -> Run:
        """Return the run that is going to begin; the store gives attempt, owner and moments."""
        unknown = datetime.now(UTC)
        return Run(
            run_id=run_id,
            experiment_id=self.experiment_id,
            name=self.run_name,
            attempt=0,
            status=RunStatus.ACTIVE,
            description=self.description,
            owner="",
            host=socket.gethostname(),
            pid=os.getpid(),
            procedure=procedure,
            dataset_name=self.dataset_name or "",
            dataset_source=self.dataset_source or "",
            created_at=unknown,
            heartbeat_at=unknown,
            ended_at=None,
            progress_done=0,
            progress_total=0,
            progress_text="",
            next_seq=0,
            revision=0,
            parent_run_id=self.parent_run_id,
        )


class Recorder:
    """Writes the calls of one armed model to the store: the observer that arming sets.

    The first call begins a run. Later ones add to it: a ``score`` after a ``fit`` belongs to
    the model that was fitted. Another ``fit`` makes another model and begins a new attempt of
    the run name. Metrics of a method other than the run's first are told apart by its name, so
    that the ``AUC`` of a fit stays when a score adds ``SCORE_AUC``; of two scores on rows of the same
    source the later counts. The run's status is that of its last call.

    Beginning and end of a call are one transaction each; what it reports in between is written
    soon. A store that cannot be written never ends a call: see :class:`RunWriter`.
    """

    def __init__(
        self,
        database: Database,
        target: Target,
        clock: Clock | None,
        ids: IdSource,
        keep_rows: Callable[[], object] | None = None,
    ) -> None:
        self._keep_rows = keep_rows
        self._database = database
        self._target = target
        self._clock = clock
        self._ids = ids
        self._run: Run | None = None
        self._first_method = ""
        self._call: _Call | None = None

    def call_started(self, start: CallStart) -> str:
        """Begin a run or continue it; return its id."""
        if self._call is not None:  # a call that never ended; its run will be LOST
            self._call.writer.stop()
        self._mark_lost()
        batch = Batch(entries=events.of_start(start, self._target.switches), primary_metric=self._target.primary_metric)
        if self._target.switches.parameters:
            batch.params = {shortened(name): events.parameter(value) for name, value in start.parameters.items()}
        writer = RunWriter(self._database, self._clock, self._target.gather)
        if start.method == "fit" or not self._continue(writer, batch):
            draft = self._target.draft(self._ids(), start.procedure)
            self._run = writer.begin(draft, self._target.experiment_description, batch)
            self._first_method = start.method
        self._call = _Call(start.method, writer)
        return writer.run.run_id

    def call_progressed(self, progress: CallProgress) -> None:
        """Note how far the call is; costs no write of its own."""
        if self._call is not None:
            self._call.progressed(progress)

    def call_finished(self, outcome: CallOutcome) -> None:
        """Write the log of a good call, its metrics and the status FINISHED in one transaction."""
        call = self._end_call()
        with call.writer.counted():
            self._finish(call, RunStatus.FINISHED, self._outcome(call, outcome))
            if self._keep_rows is not None and call.method == "fit":
                self._keep()

    def _keep(self) -> None:
        assert self._keep_rows is not None
        try:
            self._keep_rows()
        except (*STORE_TROUBLE, Error) as error:  # the fit itself was good
            logger.warning("Run %r: its data could not be kept: %s", self._target.run_name, error)

    def _outcome(self, call: _Call, outcome: CallOutcome) -> Batch:
        target = self._target
        name = _first_given(target.dataset_name, outcome.dataset.source_table)
        source = _first_given(target.dataset_source, outcome.dataset.source_table)
        is_first = call.method == self._first_method
        prefix = "" if is_first else f"{call.method.upper()}_"
        elapsed = call.writer.elapsed_ms()
        batch = Batch(
            points=[
                NewPoint(shortened(f"{prefix}{name}"), None, storable_value(value), elapsed, outcome.source_of(name))
                for name, value in outcome.metrics.items()
            ],
            entries=events.of_outcome(outcome, call.method, name, source, prefix, target.switches),
        )
        if is_first and target.switches.dataset:
            batch.changes = {"dataset_name": identity.storable(name), "dataset_source": identity.storable(source)}
            batch.shared = [_dataset(outcome)]
            batch.row_digests = outcome.dataset.row_digests
        return batch

    def call_failed(self, error: BaseException) -> None:
        """Write the error and the status FAILED in one transaction."""
        if self._call is None:
            return  # the call never began
        call = self._end_call()
        seconds = call.writer.elapsed_ms() / 1000
        self._finish(call, RunStatus.FAILED, Batch(entries=events.of_failure(error, call.method, seconds)))

    def _mark_lost(self) -> None:
        try:
            mark_lost_runs(self._database, None if self._clock is None else self._clock())
        except STORE_TROUBLE as error:
            logger.debug("Silent runs were not looked for: %s", error)  # the writer will say so

    def _continue(self, writer: RunWriter, batch: Batch) -> bool:
        """Add a call to the run that an earlier call began; False if there is none, or it was deleted."""
        if self._run is None:
            return False
        batch.changes = {"progress_done": 0, "progress_total": 0, "progress_text": ""}
        return writer.take_up(self._run, batch)

    def _end_call(self) -> _Call:
        call, self._call = self._call, None
        assert call is not None, "a call ends that has not started"
        return call

    def _finish(self, call: _Call, status: RunStatus, batch: Batch) -> None:
        if not call.writer.end(status, batch):
            logger.warning(
                "Run %r of experiment %r was deleted while %s was going on; nothing of this call was recorded.",
                self._target.run_name,
                self._target.experiment_id,
                call.method,
            )


class _Call:
    """A call that is going on."""

    def __init__(self, method: str, writer: RunWriter) -> None:
        self.method = method
        self.writer = writer
        self._search = SearchLeader()
        self._lock = threading.Lock()  # folds may report from several threads

    def progressed(self, progress: CallProgress) -> None:
        """Hand on progress, scores of candidates and points of learning curves."""
        self.writer.report(progress)
        if progress.fold_scores or progress.points:
            elapsed = self.writer.elapsed_ms()
            batch = Batch(
                points=[
                    NewPoint(
                        shortened(f"{each.part}_{each.metric}".upper()),
                        each.step,
                        each.value,
                        elapsed,
                        _PARTS[each.part],
                    )
                    for each in progress.points
                ]
            )
            if progress.fold_scores:
                batch.entries = [events.of_fold_scores(progress.fold_scores)]
                self._add_means(batch, progress.fold_scores, elapsed)
            self.writer.add(batch)

    def _add_means(self, batch: Batch, scores: Sequence[FoldScore], elapsed: int) -> None:
        """Add the mean of each candidate that is complete now, a curve, and what the curve stands for: the best's."""
        with self._lock:
            means = self._search.add(scores)
            leading = self._search.values()
        batch.points += [
            NewPoint(_search_name(metric), candidate, mean, elapsed, MetricSource.CV)
            for metric, candidate, mean in means
        ]
        batch.summaries |= {MetricKey(_search_name(metric), MetricSource.CV): mean for metric, mean in leading.items()}


def _search_name(metric: str) -> str:
    return shortened(f"{evidence.SEARCH_PREFIX}{metric}".upper())


_PARTS = {"training": MetricSource.TRAIN, "validation": MetricSource.VALIDATION}


def _dataset(outcome: CallOutcome) -> Shared:
    """Return the rows that a call read as a record: without name and source, which are the run's own."""
    facts = events.dataset_facts(outcome.dataset, "", "") | {HASH_VERSION: CONTENT_HASH_VERSION}
    if outcome.dataset.row_digests is not None:
        facts[ROW_DIGESTS] = hashlib.sha256(outcome.dataset.row_digests).hexdigest()
    content = events.to_json(facts)
    return Shared("dataset", content, address("dataset", content))


def _first_given(*values: str | None) -> str:
    return next((value for value in values if value is not None), "")


def shortened(text: str) -> str:
    """Return a name as the store can hold it; class labels, for one, may make a name very long."""
    name = identity.storable(text)
    if len(name) > identity.MAX_LENGTH:
        digest = hashlib.sha256(name.encode()).hexdigest()[:16]
        name = f"{name[: identity.MAX_LENGTH - len(digest) - 1]}~{digest}"
    return name


def storable_value(value: float | str) -> float | str:
    """Return a metric's value as the store can hold it."""
    return identity.storable(value) if isinstance(value, str) else float(value)
