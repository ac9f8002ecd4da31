"""Composites: tasks that are made of tasks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hanalife.database import dialects, members, task_frames
from hanalife.dataframe.frame import DataFrame
from hanalife.errors import ArgumentTypeError, InvalidArgumentError
from hanalife.lifecycle import kept_tasks
from hanalife.lifecycle.scheduled_base import check_id
from hanalife.lifecycle.scheduled_calls import ScheduledCalls
from hanalife.records import Task

_RULES = ("ALL", "ANY")


class ScheduledComposites(ScheduledCalls):
    """Sequential and parallel composites, nested to any depth."""

    def create_sequential_composite_task(
        self,
        task_id: str,
        subtasks: Sequence[str],
        task_desc: str = "",
        force: bool = True,
        with_hierarchy: bool = True,  # noqa: ARG002 - SAP HANA's
        *,
        gates: Mapping[str, str] | None = None,
    ) -> DataFrame:
        """Make a task of tasks that are executed one after another, each if the one before succeeded.

        Parameters
        ----------
        task_id : str
            The composite's name.
        subtasks : list of str
            Existing tasks, composites among them, in their order. They stay tasks of their own.
        task_desc : str, default ''
            What it is about.
        force : bool, default True
            Replace a task of the same name, with its schedule and policy.
        with_hierarchy : bool
            Accepted for SAP HANA's sake, without effect: subtasks are never replaced with it.
        gates : dict, optional
            Subtask -> the verdict of the one before it that it waits for, such as
            ``{"RETRAIN": "drift"}`` after a drift task. With any other verdict, ``unknown`` among
            them, it and those after it are SKIPPED, with the reason, and the composite SUCCEEDED.

        Returns
        -------
        DataFrame
            TASK_ID, TASK_OWNER, TASK_TYPE.

        Raises
        ------
        TaskExistsError
            The task exists and ``force`` is False.
        TaskNotFoundError
            A subtask does not exist.
        ArgumentTypeError, InvalidArgumentError
            ``subtasks`` is no list of names, is empty, or the composite would be a part of itself;
            ``gates`` names no subtask, or one after a task that gives no verdict.
        """
        self._create_composite(task_id, "sequential", subtasks, task_desc, None, force=force, gates=gates)
        return self._frame(task_frames.composite(task_id, parallel=False))

    def create_parallel_composite_task(
        self,
        task_id: str,
        subtasks: Sequence[str],
        task_desc: str = "",
        parallel_attribute: str = "ALL",
        force: bool = True,
        with_hierarchy: bool = True,  # noqa: ARG002 - SAP HANA's
    ) -> DataFrame:
        """Make a task of tasks that are executed at the same time.

        Parameters
        ----------
        task_id, subtasks, task_desc, force, with_hierarchy
            As of :meth:`create_sequential_composite_task`.
        parallel_attribute : {'ALL', 'ANY'}
            ALL: it succeeds if all subtasks do; if one does not, the others still finish. ANY:
            it succeeds with the first that does, and the others are stopped.

        Returns
        -------
        DataFrame
            TASK_ID, TASK_OWNER, TASK_TYPE, PARALLEL_ATTRIBUTE.
        """
        if parallel_attribute not in _RULES:
            raise InvalidArgumentError(
                f"parallel_attribute: expected one of {', '.join(_RULES)}, got {parallel_attribute!r}."
            )
        self._create_composite(task_id, "parallel", subtasks, task_desc, parallel_attribute, force=force)
        return self._frame(task_frames.composite(task_id, parallel=True))

    def _create_composite(
        self,
        task_id: str,
        kind: str,
        subtasks: Sequence[str],
        description: str,
        attribute: str | None,
        *,
        force: bool,
        gates: Mapping[str, str] | None = None,
    ) -> None:
        check_id(task_id)
        if isinstance(subtasks, str) or not all(isinstance(name, str) for name in subtasks):
            raise ArgumentTypeError(f"subtasks: expected a list of names of tasks, got {subtasks!r}.")
        context = self.connection_context
        with context.session(writes=True) as connection:
            kept_tasks.check_members(connection, task_id, subtasks)
            kept_tasks.check_gates(connection, subtasks, gates or {})
            kept_tasks.make_room(connection, context, task_id, force=force)
            now = dialects.now(connection)
            task = Task(task_id, kind, {}, description, self.current_user, now, parallel_attribute=attribute)
            kept_tasks.create(connection, task, [f"Created: {kind} of {', '.join(subtasks)}."])
            members.insert(connection, task_id, subtasks, gates)
