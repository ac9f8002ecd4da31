"""Tracking: experiments, their runs, logs and tags."""

from __future__ import annotations

from hanalife.tracking.experiments import MLExperiments
from hanalife.tracking.log import (
    delete_experiment_log,
    delete_run_log,
    delete_tracking_log,
    delete_tracking_log_by_run,
    get_tracking_log,
    get_tracking_log_by_run,
    get_tracking_log_header_by_run,
    get_tracking_metadata,
    get_tracking_metadata_by_run,
)
from hanalife.tracking.tags import add_tag_by_run, get_tags_by_run, modify_tag_by_run, remove_tag_by_run

__all__ = [
    "MLExperiments",
    "add_tag_by_run",
    "delete_experiment_log",
    "delete_run_log",
    "delete_tracking_log",
    "delete_tracking_log_by_run",
    "get_tags_by_run",
    "get_tracking_log",
    "get_tracking_log_by_run",
    "get_tracking_log_header_by_run",
    "get_tracking_metadata",
    "get_tracking_metadata_by_run",
    "modify_tag_by_run",
    "remove_tag_by_run",
]
