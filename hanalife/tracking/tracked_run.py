"""A run that is being written."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

from hanalife import evidence
from hanalife.clock import Clock, IdSource
from hanalife.database.run_values import NewPoint
from hanalife.errors import ArgumentTypeError, InvalidArgumentError, RunNotFoundError
from hanalife.observation import Json, MetricSource
from hanalife.records import RunStatus
from hanalife.tracking import artifacts, events, identity
from hanalife.tracking.batches import Batch, NewArtifact
from hanalife.tracking.recorded_run import RecordedRun
from hanalife.tracking.recorder import Target
from hanalife.tracking.tags import require_tag_name, require_tag_value
from hanalife.tracking.writer import RunWriter

if TYPE_CHECKING:
    import os

    from hanalife.dataframe.context import ConnectionContext

_INT64 = 2**63


class TrackedRun(RecordedRun):
    """One run: write to it within ``with``, read it at any time.

    The end of the ``with`` block makes it ``FINISHED``, an exception ``FAILED`` with its
    traceback; when the process dies it becomes ``LOST`` by itself. What is logged is written
    within 0.2 seconds, and before the block is left.
    """

    def __init__(
        self,
        connection_context: ConnectionContext,
        target: Target,
        run_id: str,
        resume: bool,
        first_tags: Mapping[str, str],
        clock: Clock | None,
        ids: IdSource,
    ) -> None:
        super().__init__(connection_context, target.experiment_id, target.run_name)
        self._target = target
        self._draft_id = run_id
        self._first_tags = _checked_tags(first_tags)
        self._clock = clock
        self._ids = ids
        self._writer: RunWriter | None = None
        self._known = self._newest() if resume else None
        self._resume = resume
        if resume and self._known is None:
            raise RunNotFoundError(
                f"name: no run {target.run_name!r} is recorded in experiment {target.experiment_id!r}; "
                "leave resume=True out to begin one."
            )

    # --- life ---------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        if self._writer is not None:
            raise InvalidArgumentError(f"Run {self.name!r} is being written; use another attempt: experiment.run(...).")
        batch = Batch(tags=dict(self._first_tags), primary_metric=self._target.primary_metric)
        writer = RunWriter(self._database, self._clock, self._target.gather)
        if self._resume and self._known is not None:
            if not writer.take_up(self._known, batch):
                raise RunNotFoundError(
                    f"name: run {self.name!r} was deleted; leave resume=True out to begin a new one."
                )
        else:
            draft = self._target.draft(self._draft_id, "")
            self._known = writer.begin(draft, self._target.experiment_description, batch)
            self._draft_id = self._ids()  # of the next attempt, should this object begin one
        self._writer = writer
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if self._writer is None:
            return  # ended within the block
        if error is None:
            self.end()
        else:
            seconds = self._writer.elapsed_ms() / 1000
            self._end(RunStatus.FAILED, events.of_failure(error, "run", seconds))

    def end(self) -> None:
        """Write all that waits and mark the run as FINISHED."""
        seconds = self._active().elapsed_ms() / 1000
        self._end(RunStatus.FINISHED, [events.of_end(RunStatus.FINISHED, "run", seconds)])

    def _end(self, status: RunStatus, entries: list[events.Event]) -> None:
        writer, self._writer = self._active(), None
        writer.end(status, Batch(entries=entries))

    def flush(self) -> None:
        """Write what waits before returning."""
        self._active().flush()

    def child(
        self, name: str, *, resume: bool = False, description: str = "", tags: Mapping[str, str] | None = None
    ) -> TrackedRun:
        """Return a run within this one, such as one fold.

        Its name in the experiment is that of this run, a slash, and ``name``; the other
        arguments are those of :meth:`hanalife.Experiment.run`.
        """
        target = replace(
            self._target,
            run_name=identity.require_name(f"{self.name}/{identity.require_name(name, 'name')}", "name"),
            description=identity.require_text(description, "description"),
            parent_run_id=self.run_id,
        )
        return TrackedRun(self.connection_context, target, self._ids(), resume, tags or {}, self._clock, self._ids)

    # --- writing ------------------------------------------------------------------------------

    def log_params(self, params: Mapping[str, Any]) -> None:
        """Record parameters: numbers, texts, truth values, None, lists and dicts of them.

        A name that was recorded before gets the new value. Anything else is recorded as its text.

        Raises
        ------
        ArgumentTypeError
            ``params`` is no mapping, or a name no text.
        InvalidArgumentError
            A name is empty, too long, or cannot be stored; nothing was recorded.
        """
        if not isinstance(params, Mapping):
            raise ArgumentTypeError(f"params: expected a mapping of names and values, got {params!r}.")
        checked = {identity.require_name(name, "params"): events.parameter(value) for name, value in params.items()}
        self._active().add(Batch(params=checked))

    def log_param(self, name: str, value: Any) -> None:
        """Record one parameter; see :meth:`log_params`."""
        self.log_params({name: value})

    def log_metric(
        self, name: str, value: float, step: int | None = None, source: str | MetricSource = MetricSource.USER
    ) -> None:
        """Record one value of a metric.

        Parameters
        ----------
        name : str
            1 to 256 characters.
        value : float
            Any number; NaN and infinities too.
        step : int, optional
            Its place in the series; one more than the highest so far by default. A value that
            was recorded for the same step of the same source is replaced.
        source : str or MetricSource, default 'user'
            The rows that it was measured on: ``test`` (rows that the model was not fitted on),
            ``validation`` (held out by the fit), ``cv`` (mean over folds), ``train``, ``production`` (a later
            window of labeled rows), or ``user`` if it is none of these. Each source has a series of its own.

        Raises
        ------
        ArgumentTypeError, InvalidArgumentError
            The value is no number, the step no 64-bit integer, the name cannot be used, or there is no such source.
        """
        writer = self._active()
        origin = evidence.source(source, "source")
        point = NewPoint(
            identity.require_name(name, "name"), _step(step), _number(name, value), writer.elapsed_ms(), origin
        )
        writer.add(Batch(points=[point]))

    def log_metrics(
        self,
        metrics: Mapping[str, Any],
        step: int | Iterable[int] | None = None,
        source: str | MetricSource = MetricSource.USER,
    ) -> None:
        """Record values of several metrics, or whole series at once.

        Parameters
        ----------
        metrics : mapping of str to float or sequence of float
            Names and values. With sequences (lists, arrays, columns of a pandas frame), whole
            series are recorded.
        step : int or iterable of int, optional
            The step of the values; with sequences, one for each. By default they go on from the
            highest step of each series.
        source : str or MetricSource, default 'user'
            The rows that all of them were measured on; see :meth:`log_metric`.

        Raises
        ------
        ArgumentTypeError, InvalidArgumentError
            As for :meth:`log_metric`, or lengths differ; nothing was recorded.
        """
        if not hasattr(metrics, "items"):
            raise ArgumentTypeError(f"metrics: expected a mapping of names and values, got {metrics!r}.")
        writer = self._active()
        elapsed, origin = writer.elapsed_ms(), evidence.source(source, "source")
        steps = list(map(_step, step)) if isinstance(step, Iterable) else _step(step)
        points: list[NewPoint] = []
        for name, values in metrics.items():
            points += _points(identity.require_name(name, "metrics"), values, steps, elapsed, origin)
        writer.add(Batch(points=points))

    def log_figure(self, name: str, figure: object) -> None:
        """Keep a figure.

        Parameters
        ----------
        name : str
            What to call it; a figure of that name is replaced.
        figure : dict, str, bytes, or a figure of matplotlib, plotly or bqplot
            A dict of curves, ``{name: [(x, y), ...]}``; or ready PNG, SVG or HTML.

        Raises
        ------
        ArgumentTypeError
            The figure is none of these.
        """
        self._keep(artifacts.of_figure(identity.require_name(name, "name"), figure))

    def log_artifact(
        self, path_or_bytes: str | os.PathLike[str] | bytes, name: str | None = None, media_type: str | None = None
    ) -> None:
        """Keep a file or bytes; an artifact of the same name is replaced.

        Parameters
        ----------
        path_or_bytes : path or bytes
            What to keep, at most 1 GiB. Of a path the bytes are read now.
        name : str, optional
            What to call it; the file's own name by default.
        media_type : str, optional
            Such as ``'text/csv'``; guessed from the name by default.

        Raises
        ------
        InvalidArgumentError
            The file cannot be read, bytes were given without a name, or there are too many.
        """
        given = None if name is None else identity.require_name(name, "name")
        self._keep(artifacts.of_file(path_or_bytes, given, media_type))

    def log_table(self, frame: object, name: str = "table") -> None:
        """Keep the rows of a frame of hanalife or pandas, or of an Arrow table.

        Raises
        ------
        ArgumentTypeError
            ``frame`` is none of these.
        InvalidArgumentError
            A column holds values of several types.
        """
        self._keep(artifacts.of_table(identity.require_name(name, "name"), frame))

    def set_tags(self, values: Mapping[str, str]) -> None:
        """Set tags of the run itself; rules as for :func:`hanalife.tracking.add_tag_by_run`."""
        self._active().add(Batch(tags=_checked_tags(values)))

    def set_tag(self, name: str, value: str) -> None:
        """Set one tag; see :meth:`set_tags`."""
        self.set_tags({name: value})

    def set_notes(self, text: str) -> None:
        """Set the notes on the run, a text of any length."""
        self._active().add(Batch(changes={"notes": identity.require_text(text, "text")}))

    def _keep(self, artifact: NewArtifact) -> None:
        entry: dict[str, Json] = {
            "NAME": artifact.name,
            "KIND": artifact.kind,
            "MEDIA_TYPE": artifact.media_type,
            "SHA256": hashlib.sha256(artifact.data).hexdigest(),
            "SIZE": len(artifact.data),
        }
        self._active().add(Batch(artifacts=[artifact], entries=[events.of_artifact(entry)]))

    def _active(self) -> RunWriter:
        if self._writer is None:
            raise InvalidArgumentError(
                f"Run {self.name!r} is not being written; write within `with experiment.run({self.name!r}) as run:`."
            )
        return self._writer

    def _settle(self) -> None:
        if self._writer is not None:
            self._writer.flush()


def _checked_tags(values: Mapping[str, str]) -> dict[str, str]:
    return {require_tag_name(name): require_tag_value(value, "tag_value") for name, value in values.items()}


def _points(
    name: str, values: Any, steps: list[int | None] | int | None, elapsed: int, source: MetricSource
) -> list[NewPoint]:
    if not isinstance(values, (str, bytes)) and isinstance(values, Iterable):
        numbers = [_number(name, value) for value in values]
        if isinstance(steps, int):
            raise InvalidArgumentError(f"step: {name!r} has {len(numbers)} values; give one step for each, or none.")
        if steps is not None and len(steps) != len(numbers):
            raise InvalidArgumentError(f"step: {name!r} has {len(numbers)} values and there are {len(steps)} steps.")
        places: Sequence[int | None] = steps or [None] * len(numbers)
        return [NewPoint(name, place, number, elapsed, source) for place, number in zip(places, numbers, strict=True)]
    if isinstance(steps, list):
        raise InvalidArgumentError(f"metrics: {name!r} has one value and there are {len(steps)} steps.")
    return [NewPoint(name, steps, _number(name, values), elapsed, source)]


def _number(name: str, value: Any) -> float:
    if isinstance(value, float):
        return value
    with suppress(TypeError, ValueError, OverflowError):
        if not isinstance(value, (str, bytes)):
            return float(value)
    if isinstance(value, int):
        return math.inf if value > 0 else -math.inf  # beyond the range of doubles
    raise ArgumentTypeError(
        f"value: metric {name!r} is {value!r}; expected a number. Log a text as a parameter or tag."
    )


def _step(value: Any) -> int | None:
    if value is None:
        return None
    try:
        step = int(value)
    except (TypeError, ValueError, OverflowError):
        step = _INT64
    if step != value or not -_INT64 <= step < _INT64:
        raise InvalidArgumentError(f"step: expected a whole number of 64 bits, got {value!r}.")
    return step
