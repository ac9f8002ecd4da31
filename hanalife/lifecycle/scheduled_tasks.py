"""Tasks that are neither calls of models nor composites, and what there is to know and to change of every task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import sqlalchemy as sa

from hanalife.database import dialects, members, task_frames, tasks
from hanalife.dataframe.frame import DataFrame
from hanalife.errors import ArgumentTypeError, InvalidArgumentError, TaskExistsError
from hanalife.lifecycle import calls, kept_tasks, notebooks, procedures, statements
from hanalife.lifecycle.procedure_names import parameters_of, procedure_of
from hanalife.lifecycle.scheduled_base import check_id, check_no_subtask, logger
from hanalife.lifecycle.scheduled_calls import TableNames
from hanalife.lifecycle.scheduled_composites import ScheduledComposites
from hanalife.records import Task, TaskPolicy
from hanalife.scheduling.policies import check_policy

#: A parameter as SAP HANA lists it: name, schema, value, and kind: 0 table, 1 view, 2 literal.
TaskParam = tuple[str, str | None, Any, int]

_PARAMETERS = ("TASK_ID", "PARAM_NAME", "ARGUMENT_SCHEMA", "ARGUMENT", "ARGUMENT_CATEGORY")


class ScheduledTasks(ScheduledComposites):
    """Tasks of every kind."""

    def create_task(
        self,
        task_id: str,
        proc_name: Any,
        proc_schema: str | None = None,  # noqa: ARG002 - SAP HANA's
        task_owner: str | None = None,  # noqa: ARG002 - SAP HANA's
        task_params: Sequence[TaskParam] | Mapping[str, Any] | None = None,
        task_desc: str = "",
        force: bool = False,
        *,
        output_table_names: TableNames = None,
        append: bool = False,
    ) -> DataFrame:
        """Keep a call of a Python function as a task.

        The function is imported by each job, so it must be in a module that the worker can
        import and allows: ``hanalife worker --allow package.module``, the environment variable
        ``HANALIFE_CALLABLES``, or an entry point of the group ``hanalife.callables``. If it has
        parameters named ``connection_context``, ``due`` or ``job_id`` it gets the job's. Frames
        that it returns (of hanalife or pandas) become output tables.

        Parameters
        ----------
        task_id : str
            The task's name.
        proc_name : str or function
            ``'package.module:function'``, or the function itself.
        proc_schema, task_owner : str, optional
            Accepted for SAP HANA's sake, without effect.
        task_params : list of (name, schema, value, kind) or dict, optional
            The function's arguments. Kind 0 is a table, 1 a view, whose frame it gets, 2 a
            literal. In a dict a frame or a literal stands beside each name.
        task_desc : str, default ''
            What the task is about.
        force : bool, default False
            Replace a task of the same name, with its schedule, policy and trigger.
        output_table_names : str or list of str, optional
            Tables of the frames that it returns, by default ``out_<task_id><i>``.
        append : bool, default False
            Add to the output tables, with JOB_ID and RUN_TIME, in place of replacing them.

        Returns
        -------
        DataFrame
            TASK_ID, TASK_OWNER, PROC_SCHEMA, PROC_NAME.

        Raises
        ------
        TaskExistsError
            The task exists and ``force`` is False.
        InvalidArgumentError
            The function cannot be imported, or does not take the parameters.

        Notes
        -----
        What a function does beside returning frames is done again if its worker dies before the
        job's end is committed: let it do nothing that must not be done twice.
        """
        path = procedures.path_of(proc_name)
        given = self._given(task_params)
        procedures.check_parameters(path, list(given))
        context, names = self.connection_context, _as_list(output_table_names)
        check_id(task_id)
        with context.session(writes=True) as connection:
            kept_tasks.make_room(connection, context, task_id, force=force)
            copies: list[str] = []
            parameters = {
                name: calls.keep_parameter(context, task_id, name, value, copies) for name, value in given.items()
            }
            outputs = calls.output_names(context, task_id, max(len(names), 1), names)
            definition = {
                "path": path,
                "parameters": parameters,
                "outputs": outputs,
                "append": append,
                "copies": copies,
            }
            self._keep(connection, task_id, "callable", definition, task_desc, f"Created: {path}.")
        return self._created(task_id)

    def create_sql_task(
        self,
        task_id: str,
        sql: str,
        parameters: Mapping[str, Any] | None = None,
        task_desc: str = "",
        force: bool = False,
        *,
        output_table_names: TableNames = None,
        append: bool = False,
    ) -> DataFrame:
        """Keep SQL as a task: a query, whose rows become a table, or statements.

        Parameters
        ----------
        task_id : str
            The task's name.
        sql : str
            A query as :meth:`ConnectionContext.sql` reads it; or statements of the database
            itself with semicolons between them, which are executed once, all or none, in the
            transaction that ends the job.
        parameters : dict, optional
            Values of the ``:name`` in statements; ``:due`` and ``:job_id`` are the job's.
        task_desc, force, output_table_names, append
            As of :meth:`create_task`; a query gives one table.

        Raises
        ------
        TaskExistsError
            The task exists and ``force`` is False.
        InvalidArgumentError, BadSQLError
            The text cannot be used, or the parameters are not those that it names.
        """
        context = self.connection_context
        check_id(task_id)
        values = calls.keep_values(parameters)
        statements.check(context, sql, values)
        wanted = 1 if statements.is_query(sql) else 0
        outputs = calls.output_names(context, task_id, wanted, output_table_names)
        definition = {"sql": sql, "parameters": values, "outputs": outputs, "append": append}
        with context.session(writes=True) as connection:
            kept_tasks.make_room(connection, context, task_id, force=force)
            self._keep(connection, task_id, "sql", definition, task_desc, f"Created: SQL {sql.strip()[:200]!r}.")
        return self._created(task_id)

    def create_notebook_task(
        self,
        task_id: str,
        notebook: str,
        parameters: Mapping[str, Any] | None = None,
        task_desc: str = "",
        force: bool = False,
    ) -> DataFrame:
        """Keep the execution of a notebook as a task; what each job gave is kept with it.

        Parameters
        ----------
        task_id : str
            The task's name.
        notebook : str
            Name of an ``.ipynb`` file within the worker's folder: ``hanalife worker --notebooks
            FOLDER`` or the environment variable ``HANALIFE_NOTEBOOKS``.
        parameters : dict, optional
            Variables that a cell after the one with the tag ``parameters`` sets, beside ``due``
            and ``job_id``.
        task_desc, force
            As of :meth:`create_task`.

        Raises
        ------
        TaskExistsError
            The task exists and ``force`` is False.
        InvalidArgumentError
            It is no such name, or a parameter's name is no variable's.
        """
        context = self.connection_context
        check_id(task_id)
        name, values = notebooks.check_name(notebook), calls.keep_values(parameters)
        notebooks.check_parameters(values)
        with context.session(writes=True) as connection:
            kept_tasks.make_room(connection, context, task_id, force=force)
            definition = {"notebook": name, "parameters": values}
            self._keep(connection, task_id, "notebook", definition, task_desc, f"Created: notebook {name}.")
        return self._created(task_id)

    # --- removal ------------------------------------------------------------------------------

    def remove_task(self, task_id: str, force: bool = False, with_hierarchy: bool = False) -> DataFrame | None:
        """Remove a task; its jobs' history, its log and its output tables stay.

        Parameters
        ----------
        task_id : str
            A task that does not exist is only logged.
        force : bool, default False
            Remove it although it has a schedule or is a part of a composite. The next job of
            such a composite fails and says why.
        with_hierarchy : bool, default False
            Remove what a composite is made of as well, except what others are made of, too.

        Returns
        -------
        DataFrame or None
            TASK_ID, TASK_OWNER, PROC_SCHEMA, PROC_NAME of the removed task; with the hierarchy
            TASK_ID, TASK_OWNER, TASK_TYPE, PARALLEL_ATTRIBUTE, PROC_SCHEMA, PROC_NAME of all.

        Raises
        ------
        TaskExistsError
            It has a schedule or is a part of a composite, and ``force`` is False.
        """
        context = self.connection_context
        with context.session(writes=True) as connection:
            if not tasks.lock(connection, task_id):
                logger.info("Task %r does not exist; nothing was removed.", task_id)
                return None
            chosen = _with_members(connection, task_id) if with_hierarchy else [task_id]
            for name in chosen:
                _check_removable(connection, name, chosen, force=force)
            found = {task.task_id: procedure_of(task) for task in tasks.tasks(connection, chosen)}
            removed = task_frames.removed(chosen, self._schema(), found, kinds=with_hierarchy)
            frozen = task_frames.frozen(connection, removed)
            for name in chosen:
                tasks.lock(connection, name)
                kept_tasks.remove(connection, context, name)
        return self._frame(frozen)

    # --- queries ------------------------------------------------------------------------------

    def query_task(self, task_id: str) -> tuple[DataFrame, DataFrame, DataFrame, DataFrame]:
        """Return four frames on a task and what it is made of: chain, definition, parameters, log."""
        parts = self._parts(task_id)
        definition = [(task.task_id, self._schema(), procedure_of(task)) for task in parts if procedure_of(task)]
        return (
            self._frame(task_frames.chain(task_id)),
            self._frame(task_frames.rows(("TASK_ID", "PROC_SCHEMA", "PROC_NAME"), definition)),
            self._frame(task_frames.rows(_PARAMETERS, self._parameters(parts))),
            self._frame(task_frames.log_lines(task_id)),
        )

    def get_task_definition(self, task_id: str) -> DataFrame:
        """Return TASK_ID, PROC_SCHEMA, PROC_NAME, TASK_DESCRIPTION of a task."""
        with self._database.read() as connection:
            task = tasks.task(connection, task_id)
        names = ("TASK_ID", "PROC_SCHEMA", "PROC_NAME", "TASK_DESCRIPTION")
        return self._frame(task_frames.rows(names, [(task_id, self._schema(), procedure_of(task), task.description)]))

    def get_task_param(self, task_id: str) -> DataFrame:
        """Return TASK_ID, PARAMETER_NAME, ARGUMENT_SCHEMA, ARGUMENT, ARGUMENT_CATEGORY of a task's parameters."""
        with self._database.read() as connection:
            task = tasks.task(connection, task_id)
        names = ("TASK_ID", "PARAMETER_NAME", *_PARAMETERS[2:])
        return self._frame(task_frames.rows(names, self._parameters([task])))

    def get_task_log(self, task_id: str) -> DataFrame:
        """Return the log of a task and its jobs.

        Columns TASK_ID, JOB_ID, SEQ, EVENT_KEY, EVENT_TIMESTAMP, EVENT_MESSAGE. EVENT_KEY is
        TASK, SCHEDULE, TRIGGER, JOB or NOTICE for what happened to these, OUT, ERROR and
        PROGRESS for what a job's process wrote to standard output and standard error.
        """
        self._check_task(task_id)
        return self._frame(task_frames.task_log(task_id))

    # --- policy -------------------------------------------------------------------------------

    def set_task_policy(self, task_id: str, **policy: Any) -> TaskPolicy:
        """Change how the jobs of a task are executed; what is not given stays as it is.

        Parameters
        ----------
        task_id : str
            An existing task.
        retries : int, default 0
            Further attempts after one that failed or took too long. A worker's death costs none.
        backoff_seconds : float, default 10
            Wait before the first further attempt; doubled for each next, at most an hour.
        time_limit_seconds : float, optional
            Of one attempt, None for no limit; its processes are killed then. Of a composite: of
            all of it.
        concurrency : int, default 1
            Jobs of the task at the same time.
        misfire : {'one', 'all', 'skip'}
            After due times that passed while no worker was up: one job for all of them, one for
            each, or none.
        grace_seconds : float, default 60
            A job that is queued later than this after its due time is LATE.
        priority : int, default 0
            Jobs of a higher priority are claimed first.

        Returns
        -------
        TaskPolicy
            All values in force.

        Raises
        ------
        ArgumentTypeError, InvalidArgumentError
            A value cannot be used.
        """
        known = asdict(TaskPolicy())
        unknown = sorted(set(policy) - set(known))
        if unknown:
            raise ArgumentTypeError(f"{unknown[0]}: no such policy; the policies are {', '.join(known)}.")
        with self._locked(task_id) as (connection, now):
            task = tasks.task(connection, task_id)
            new = check_policy(TaskPolicy(**{**asdict(task.policy), **policy}))
            if new.retries and task.kind in members.COMPOSITES:
                raise InvalidArgumentError("retries: a composite has none; give them to the tasks it is made of.")
            tasks.update_task(connection, task_id, **asdict(new))
            said = ", ".join(f"{name} {value}" for name, value in policy.items())
            tasks.append_log(connection, task_id, [("TASK", now, f"Policy: {said}.")])
        return new

    # --- inside -------------------------------------------------------------------------------

    def _keep(
        self,
        connection: sa.Connection,
        task_id: str,
        kind: str,
        definition: Mapping[str, Any],
        description: str,
        said: str,
    ) -> None:
        task = self._new_task(task_id, kind, definition, description, dialects.now(connection))
        kept_tasks.create(connection, task, [said])

    def _created(self, task_id: str) -> DataFrame:
        with self._database.read() as connection:
            found = {task_id: procedure_of(tasks.task(connection, task_id))}
        return self._frame(task_frames.removed([task_id], self._schema(), found, kinds=False))

    def _given(self, task_params: Sequence[TaskParam] | Mapping[str, Any] | None) -> dict[str, Any]:
        if task_params is None or isinstance(task_params, Mapping):
            return dict(task_params or {})
        given = {}
        for item in task_params:
            if not isinstance(item, tuple | list) or len(item) != 4 or item[3] not in (0, 1, 2):
                raise ArgumentTypeError(
                    f"task_params: expected (name, schema, value, kind 0 table, 1 view, 2 literal), got {item!r}."
                )
            name, schema, value, kind = item
            given[name] = value if kind == 2 else self.connection_context.table(value, schema)
        return given

    def _parts(self, task_id: str) -> list[Task]:
        check_no_subtask(task_id)
        with self._database.read() as connection:
            tasks.task(connection, task_id)
            return tasks.tasks(connection, sorted(members.all_below(connection, [task_id])))

    def _parameters(self, parts: Sequence[Task]) -> list[tuple[str, str, str | None, str, str]]:
        return [(task.task_id, *row) for task in parts for row in parameters_of(task, self._schema())]


def _as_list(names: TableNames) -> list[str]:
    return [names] if isinstance(names, str) else list(names or ())


def _with_members(connection: sa.Connection, task_id: str) -> list[str]:
    """Return a composite and what only it is made of, the composite first."""
    chosen = [task_id]
    for name in chosen:
        for member in members.of(connection, name):
            only_here = set(members.composites_with(connection, member)) <= set(chosen)
            if only_here and member not in chosen and tasks.tasks(connection, [member]):
                chosen.append(member)
    return chosen


def _check_removable(connection: sa.Connection, task_id: str, chosen: Sequence[str], *, force: bool) -> None:
    if force:
        return
    if tasks.schedule(connection, task_id) is not None:
        raise TaskExistsError(
            f"task_id: task {task_id!r} has a schedule; remove_task_schedule first, or pass force=True."
        )
    others = [name for name in members.composites_with(connection, task_id) if name not in chosen]
    if others:
        raise TaskExistsError(
            f"task_id: task {task_id!r} is a part of {', '.join(others)}; remove that first, or pass force=True."
        )
