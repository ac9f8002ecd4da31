"""Methods of hana_ml's models that have no meaning elsewhere: mere tuning is accepted, the rest says what to use."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from hanalife.dataframe.hana_only import refused

logger = logging.getLogger(__name__)


def _tuned(method: str) -> Callable[..., Any]:
    def accept(self: Any, *_args: Any, **_kwargs: Any) -> Any:
        """Accept a tuning of SAP HANA and ignore it."""
        logger.debug("%s: tuning of SAP HANA, ignored here.", method)
        return self

    accept.__name__ = accept.__qualname__ = method
    return accept


class HanaOnly:
    """What a notebook for SAP HANA may call around a model."""

    create_model_state = refused("create_model_state", "a fitted model is in memory already")
    set_model_state = refused("set_model_state", "use ModelStorage.load_model()")
    delete_model_state = refused("delete_model_state", "delete the object")
    load_model = refused("load_model", "use ModelStorage.load_model()")

    apply_with_hint = _tuned("apply_with_hint")
    disable_convert_bigint = _tuned("disable_convert_bigint")
    disable_hana_execution = _tuned("disable_hana_execution")
    disable_log_cleanup = _tuned("disable_log_cleanup")
    disable_workload_class_check = _tuned("disable_workload_class_check")
    enable_convert_bigint = _tuned("enable_convert_bigint")
    enable_hana_execution = _tuned("enable_hana_execution")
    enable_log_cleanup = _tuned("enable_log_cleanup")
    enable_no_inline = _tuned("enable_no_inline")
    enable_parallel_by_parameter_partitions = _tuned("enable_parallel_by_parameter_partitions")
    enable_parallel_by_parameter_values = _tuned("enable_parallel_by_parameter_values")
    enable_workload_class = _tuned("enable_workload_class")
    set_framework_version = _tuned("set_framework_version")
    set_metric_samplings = _tuned("set_metric_samplings")
    set_scale_out = _tuned("set_scale_out")

    def get_fit_execute_statement(self) -> None:
        """Return None: no SQL statement trains a model here."""

    def get_predict_execute_statement(self) -> None:
        """Return None: no SQL statement predicts here."""

    def get_score_execute_statement(self) -> None:
        """Return None: no SQL statement scores here."""
