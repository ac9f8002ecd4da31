"""Versions of models side by side."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from hanalife import evidence
from hanalife.evidence import MetricKey
from hanalife.observation import MetricSource
from hanalife.records import ModelVersion
from hanalife.storage import lineage
from hanalife.storage.base import StorageBase

if TYPE_CHECKING:
    import pandas as pd


class Comparison(StorageBase):
    """The method of a model storage that compares versions."""

    def compare_versions(self, name: str, versions: Sequence[int | str]) -> pd.DataFrame:
        """Return parameters, data, metrics and environment of versions side by side.

        Parameters
        ----------
        name : str
            Exact name.
        versions : sequence of int or str
            Version numbers, or aliases.

        Returns
        -------
        pandas.DataFrame
            SECTION (PARAMETER, DATA, METRIC, ENVIRONMENT), NAME, a column of texts for each
            version, and DIFFERENT. Metrics are named with their source, ``AUC@test``; they are ``value [low, high]``
            with the 95 % interval, or ``value (no interval: reason)``, where one of them is known.

        Raises
        ------
        ModelStorageError
            One of them is not stored.
        """
        import pandas as pd

        with self._reading() as connection:
            found = [
                self._find(connection, name, alias=each)
                if isinstance(each, str)
                else self._find(connection, name, each)
                for each in versions
            ]
        rows = side_by_side([facts(version) for version in found])
        columns = ["SECTION", "NAME", *(str(each) for each in versions), "DIFFERENT"]
        return pd.DataFrame(rows, columns=columns)


def facts(version: ModelVersion) -> dict[tuple[str, str], str]:
    """Return what is compared of a version: (section, name) -> text."""
    state = version.state
    constructor = dict(state["constructor"])
    parameters = {**constructor, **constructor.pop("kwargs", {}), **state["facts"].get("parameters", {})}
    parameters.pop("kwargs", None)
    data = {
        "content hash": version.dataset_hash,
        "run": version.run_id,
        "training rows": training_rows(version),
        **state["fit_parameters"],
    }
    return {
        **_section("PARAMETER", parameters),
        **_section("DATA", data),
        **{("METRIC", name): interval_text(kept) for name, kept in labelled(sourced(version)).items()},
        **_section("ENVIRONMENT", version.environment or {}),
    }


def training_rows(version: ModelVersion) -> str:
    """Return how many rows a version was trained on, and whether the store can tell which."""
    known = version.state["facts"]
    groups = known.get("groups", {"": known}).values()
    if version.training_keys is None:
        return "unknown"
    rows = sum(group["training_rows"] for group in groups)
    recognised_by = "their keys" if next(iter(groups))["key"] else "hashes of their values"
    return f"trained on {rows:,} row{'' if rows == 1 else 's'}, {recognised_by} kept"


def side_by_side(columns: Sequence[Mapping[tuple[str, str], str]]) -> list[tuple[Any, ...]]:
    """Return one row for each thing that any column knows, in the order they come up."""
    keys = list(dict.fromkeys(key for column in columns for key in column))
    order = ("PARAMETER", "DATA", "METRIC", "ENVIRONMENT")
    rows = []
    for section, name in sorted(keys, key=lambda key: order.index(key[0])):
        texts = [column.get((section, name), "") for column in columns]
        rows.append((section, name, *texts, len(set(texts)) > 1))
    return rows


def sourced(version: ModelVersion) -> dict[str, Mapping[str, Any]]:
    """Return the metrics of a version with their sources and intervals."""
    return with_bounds(lineage.with_sources(version.metrics or {}, version.tables))


def labelled(metrics: Mapping[str, Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """Return metrics by base name and source, in that order; of several stored names of one the first counts.

    >>> labelled({"AUC": {"value": 0.9, "source": "train"}, "SCORE_AUC": {"value": 0.7, "source": "test"}})
    {'AUC@test': {'value': 0.7, 'source': 'test'}, 'AUC@train': {'value': 0.9, 'source': 'train'}}
    """
    keyed = {
        MetricKey(name.removesuffix(f"@{kept['source']}"), MetricSource(kept["source"])): kept
        for name, kept in metrics.items()
    }
    return {str(key): kept for key, kept in evidence.by_metric(keyed).items()}


def with_bounds(metrics: Mapping[str, Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """Return metrics without those that are bounds of another, which get them as ``low`` and ``high``.

    >>> with_bounds({"AUC": {"value": 0.8}, "AUC.LOW": {"value": 0.75}, "AUC.HIGH": {"value": 0.85}})
    {'AUC': {'value': 0.8, 'low': 0.75, 'high': 0.85}}
    """
    whole = {name for name in metrics if {f"{name}.LOW", f"{name}.HIGH"} <= metrics.keys()}
    bounds = {f"{name}.{side}" for name in whole for side in ("LOW", "HIGH")}
    return {
        name: {**kept, "low": metrics[f"{name}.LOW"]["value"], "high": metrics[f"{name}.HIGH"]["value"]}
        if name in whole
        else kept
        for name, kept in metrics.items()
        if name not in bounds
    }


def interval_text(metric: Mapping[str, Any]) -> str:
    """Return a metric with its interval, or with the reason for having none, if that is known.

    >>> interval_text({"value": 0.81234567, "low": 0.79, "high": 0.83})
    '0.812346 [0.79, 0.83]'
    >>> interval_text({"value": 0.81234567, "no_interval": "9 rows, fewer than 20"})
    '0.812346 (no interval: 9 rows, fewer than 20)'
    """
    text = f"{metric['value']:.6g}"
    if "low" in metric:
        return f"{text} [{metric['low']:.6g}, {metric['high']:.6g}]"
    return f"{text} (no interval: {metric['no_interval']})" if "no_interval" in metric else text


def _section(name: str, values: Mapping[str, Any]) -> dict[tuple[str, str], str]:
    return {
        (name, key): value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        for key, value in values.items()
        if value is not None
    }
