"""Experiments: arming a model so that its calls are recorded as runs."""

from __future__ import annotations

import warnings
from functools import partial
from typing import TYPE_CHECKING, Final, Protocol, Self

from hanalife.clock import Clock, IdSource, new_id, utc_now
from hanalife.errors import ArgumentTypeError, InvalidArgumentError
from hanalife.observation import CallObserver
from hanalife.tracking import identity, log, provenance, snapshots, tags
from hanalife.tracking.events import LogSwitches
from hanalife.tracking.primary_metric import require_primary_metric, set_primary_metric
from hanalife.tracking.recorder import Recorder, Target

if TYPE_CHECKING:
    from hanalife.dataframe.context import ConnectionContext
    from hanalife.dataframe.frame import DataFrame


class Observed(Protocol):
    """A model that tells an observer of its calls."""

    observer: CallObserver | None


class Autologging:
    """An armed model; as a context manager it is disarmed at the end of the block."""

    def __init__(self, model: Observed, recorder: Recorder, track_id: str) -> None:
        self._model = model
        self._recorder = recorder
        self._track_id = track_id

    def __repr__(self) -> str:
        return f"<calls are recorded under {self._track_id!r}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._model.observer is self._recorder:  # else it was armed anew inside the block
            self._model.observer = None


class MLExperiments:
    """A group of runs.

    Parameters
    ----------
    connection_context : ConnectionContext
        Where runs are recorded. Nothing is written before the first call of an armed model.
    experiment_id : str
        Name of the experiment, 1 to 256 characters.
    experiment_description : str, optional
        What it is about; kept when the experiment's first run begins.
    primary_metric : str, optional
        What its runs are ranked by, such as ``'AUC'``, looked up among held-out values, or ``'AUC@cv'``. Kept when
        a run begins, unless the experiment has one; :meth:`set_primary_metric` changes it.
    clock : callable, optional
        Gives the present moment; the database's clock by default, on which all hosts agree.
    ids : callable
        Source of run ids.

    Attributes
    ----------
    current_run_name : str or None
        The run name that was armed last.
    count : int
        Number of run names made up so far: the next is ``run_<count>``.

    Raises
    ------
    InvalidArgumentError
        The id is empty, longer than 256 characters, or holds ``<EXPERIMENT_SPLITTER>``, or the primary metric
        names nothing, no source, or the source of training rows.

    Examples
    --------
    >>> from hanalife import ConnectionContext, MLExperiments
    >>> conn = ConnectionContext("sqlite://")
    >>> MLExperiments(conn, "diabetes", "first steps").current_run_name is None
    True
    """

    EXPERIMENT_SPLITTER: Final = identity.EXPERIMENT_SPLITTER

    def __init__(
        self,
        connection_context: ConnectionContext,
        experiment_id: str,
        experiment_description: str | None = None,
        primary_metric: str | None = None,
        *,
        clock: Clock | None = None,
        ids: IdSource = new_id,
    ) -> None:
        self.connection_context = connection_context
        self.experiment_id = identity.require_experiment_id(experiment_id)
        self.experiment_description = _optional_text(experiment_description, "experiment_description")
        self.primary_metric = None if primary_metric is None else require_primary_metric(primary_metric)
        self.count = 0
        self.current_run_name: str | None = None
        self._clock = clock
        self._ids = ids

    def set_primary_metric(self, metric: str | None) -> None:
        """Set what the runs of this experiment are ranked by; see :mod:`hanalife.tracking.primary_metric`."""
        set_primary_metric(self.connection_context, self.experiment_id, metric)
        self.primary_metric = metric

    # --- arming -------------------------------------------------------------------------------

    def autologging(
        self,
        model: Observed,
        run_name: str | None = None,
        dataset_name: str | None = None,
        dataset_source: str | None = None,
        track_id: str | None = None,
        track_description: str | None = None,
        *,
        log_parameters: bool = True,
        log_dataset: bool = True,
        log_signature: bool = True,
        log_figures: bool = True,
        log_importance: bool = True,
        log_code: bool = True,
        log_environment: bool = True,
        snapshot: bool = False,
    ) -> Autologging:
        """Record the next calls of a model as a run.

        Parameters
        ----------
        model : UnifiedClassification or another model with an ``observer``
            The model to arm. A model that is armed already is armed anew.
        run_name : str, optional
            Name of the run; ``run_0``, ``run_1``, ... by default.
        dataset_name : str, optional
            What to call the data; the table they came from by default.
        dataset_source : str, optional
            Where the data came from; the same table by default.
        track_id : str, optional
            Deprecated: experiment id, splitter and run name in one text.
        track_description : str, optional
            What the run is about; the experiment's description by default.
        log_parameters, log_dataset, log_signature, log_figures, log_importance : bool, default True
            Whether to record the parameters (those a search chose too), the facts of the data,
            the signature, curves and confusion matrix, and variable importance. Metrics are
            always recorded.
        log_code, log_environment : bool, default True
            Whether to record the code (git commit and uncommitted changes, executed cells,
            script) and the environment (Python, packages, machine).
        snapshot : bool, default False
            Whether to keep the rows of each fit in the store, once for each content, so that the
            run can be reproduced when its table has changed. They are read once more for it.

        Returns
        -------
        Autologging
            May be ignored: the model stays armed. ``with tracker.autologging(model): ...``
            disarms it at the end of the block, :meth:`stop_autologging` at any time.

        Raises
        ------
        ArgumentTypeError
            The model cannot be observed, or a text is not one.
        InvalidArgumentError
            A name is empty or too long, or ``track_id`` is of another experiment.

        Notes
        -----
        The run begins with the first call, not here. Calls under one arming belong to one run:
        a ``fit`` and the ``score`` calls after it. Metrics of the first kind of call keep their
        plain names and those of another carry its name: after ``fit`` gave ``AUC``, ``score``
        adds ``SCORE_AUC``; a run that only scores has plain ``AUC``. A further ``fit``, and a
        call under a new arming with the same run name, begin a new attempt: earlier attempts
        are kept, and reads give the newest.
        """
        if not hasattr(model, "observer"):
            raise ArgumentTypeError(
                f"model: {type(model).__name__} does not report its calls; pass a hanalife model such as "
                "UnifiedClassification."
            )
        name = self._run_name(run_name, track_id)
        target = Target(
            experiment_id=self.experiment_id,
            experiment_description=self.experiment_description or "",
            run_name=name,
            description=_optional_text(track_description, "track_description") or self.experiment_description or "",
            dataset_name=_optional_text(dataset_name, "dataset_name"),
            dataset_source=_optional_text(dataset_source, "dataset_source"),
            switches=LogSwitches(
                parameters=log_parameters,
                dataset=log_dataset,
                signature=log_signature,
                figures=log_figures,
                importance=log_importance,
            ),
            log_code=log_code,
            log_environment=log_environment,
            primary_metric=self.primary_metric,
        )
        if run_name is None and track_id is None:
            self.count += 1
        keep_rows = partial(_keep_rows, self.connection_context, model) if snapshot else None
        recorder = Recorder(self.connection_context.database, target, self._clock, self._ids, keep_rows)
        model.observer = recorder
        provenance.prepare()
        self.current_run_name = name
        return Autologging(model, recorder, self.get_current_tracking_id())

    def stop_autologging(self, model: Observed) -> None:
        """Disarm a model; one that is not armed is left as it is."""
        model.observer = None

    def _run_name(self, run_name: str | None, track_id: str | None) -> str:
        if track_id is None:
            return identity.require_name(f"run_{self.count}" if run_name is None else run_name, "run_name")
        warnings.warn("track_id is deprecated; use run_name.", DeprecationWarning, stacklevel=3)
        experiment_id, name = identity.split(track_id)
        if experiment_id != self.experiment_id or run_name not in (None, name):
            raise InvalidArgumentError(
                f"track_id: {track_id!r} is not of experiment {self.experiment_id!r} and run {run_name!r}; "
                "leave it out and give run_name."
            )
        return name

    # --- the current run ----------------------------------------------------------------------

    def get_current_tracking_id(self) -> str:
        """Return the tracking id that was armed last.

        Raises
        ------
        InvalidArgumentError
            Nothing has been armed, here and in all methods below.
        """
        return identity.track_id(self.experiment_id, self._current())

    def get_tracking_log_for_current_run(self) -> DataFrame:
        """Return the log; see :func:`hanalife.tracking.log.get_tracking_log_by_run`."""
        return log.get_tracking_log_by_run(self.connection_context, self.experiment_id, self._current())

    def get_tracking_metadata_for_current_run(self) -> DataFrame:
        """Return the metadata; see :func:`hanalife.tracking.log.get_tracking_metadata_by_run`."""
        return log.get_tracking_metadata_by_run(
            self.connection_context, self.experiment_id, self._current(), clock=self._clock
        )

    def add_tag_for_current_run(self, tag_name: str, tag_value: str, track_entity_seq: int) -> DataFrame:
        """Put a tag on a log entry; see :func:`hanalife.tracking.tags.add_tag_by_run`."""
        return tags.add_tag_by_run(
            self.connection_context,
            self.experiment_id,
            self._current(),
            tag_name,
            tag_value,
            track_entity_seq,
            clock=self._clock or utc_now,
        )

    def modify_tag_for_current_run(
        self, tag_name: str, original_tag_value: str, current_tag_value: str, track_entity_seq: int
    ) -> DataFrame:
        """Change a tag; see :func:`hanalife.tracking.tags.modify_tag_by_run`."""
        return tags.modify_tag_by_run(
            self.connection_context,
            self.experiment_id,
            self._current(),
            tag_name,
            original_tag_value,
            current_tag_value,
            track_entity_seq,
            clock=self._clock or utc_now,
        )

    def remove_tag_for_current_run(self, tag_name: str, tag_value: str, track_entity_seq: int) -> DataFrame:
        """Remove a tag; see :func:`hanalife.tracking.tags.remove_tag_by_run`."""
        return tags.remove_tag_by_run(
            self.connection_context,
            self.experiment_id,
            self._current(),
            tag_name,
            tag_value,
            track_entity_seq,
            clock=self._clock or utc_now,
        )

    def get_tags_for_current_run(self, track_entity_seq: int, tag_name: str | None = None) -> DataFrame:
        """Return the tags of a log entry; see :func:`hanalife.tracking.tags.get_tags_by_run`."""
        return tags.get_tags_by_run(
            self.connection_context, self.experiment_id, self._current(), track_entity_seq, tag_name
        )

    def _current(self) -> str:
        if self.current_run_name is None:
            raise InvalidArgumentError("No run has been started; arm a model with autologging() first.")
        return self.current_run_name


def _keep_rows(connection_context: ConnectionContext, model: Observed) -> None:
    frame = getattr(model, "training_data", None)
    if frame is not None:
        snapshots.keep(connection_context, frame)


def _optional_text(value: str | None, argument: str) -> str | None:
    return None if value is None else identity.require_text(value, argument)
