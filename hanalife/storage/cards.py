"""Model cards: what is known of a model, as Markdown; and its report."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from hanalife.database import aliases, models
from hanalife.errors import ModelStorageError
from hanalife.evidence import HELD_OUT
from hanalife.observation import MetricSource
from hanalife.records import ModelVersion
from hanalife.storage import lineage
from hanalife.storage.base import StorageBase
from hanalife.storage.comparison import facts, interval_text, labelled, sourced

_SHOWN_FEATURES = 20


class ModelCard(str):
    """A card: Markdown text that notebooks show as such."""

    __slots__ = ()

    @property
    def content(self) -> str:
        """The text."""
        return str(self)

    def save(self, path: str | Path) -> None:
        """Write the text to a file, UTF-8."""
        Path(path).write_text(self, encoding="utf-8")

    def _repr_markdown_(self) -> str:
        return str(self)


class Cards(StorageBase):
    """The methods of a model storage on cards and reports."""

    def get_model_card(self, name: str, version: int | None = None) -> ModelCard:
        """Return the card of a version: the one it was saved with, or one made of what the store knows.

        Data with its hash, parameters, metrics with intervals where they are known, importance,
        signature, limits. It needs no other package.

        Raises
        ------
        ModelStorageError
            There is no such version.
        """
        with self._reading() as connection:
            found = self._find(connection, name, version)
            if found.card:
                return ModelCard(found.card)
            tags = models.tags(connection, name, found.version)
            named = [each.alias for each in aliases.of_models(connection, [name]) if each.version == found.version]
        return ModelCard("\n".join(_lines(found, tags, named)) + "\n")

    def display_model_report(self, name: str, version: int | None = None) -> Any:
        """Show the report that a version was saved with; return what a notebook displays.

        Raises
        ------
        ModelStorageError
            There is no such version, or it has no report.
        """
        from IPython.display import HTML

        with self._reading() as connection:
            found = self._find(connection, name, version)
        if found.report is None:
            raise ModelStorageError(
                f"Model {name!r} version {found.version} has no report; "
                "build it and save the model with save_report=True."
            )
        return HTML(found.report)


def create_model_card(
    model: Any,
    language: str | None = None,
    license: str | None = None,  # noqa: A002 - hana_ml's
    library_name: str | None = None,
    tags: Sequence[str] | None = None,
    base_model: str | None = None,
    datasets: Sequence[str] | None = None,
    metrics: Sequence[str] | None = None,
    eval_results: Mapping[str, Any] | None = None,
    model_name: str | None = None,
    model_version: int | None = None,
    card_data: Mapping[str, Any] | None = None,
    **kwargs: Any,
) -> ModelCard:
    """Write the card of a fitted model into ``model.model_card_``, to be stored with it, and return it.

    The arguments become the card's head, as the Hugging Face Hub reads it.

    Raises
    ------
    FitIncompleteError
        The model is not fitted.
    """
    state = model.to_state()
    head = {
        "language": language,
        "license": license,
        "library_name": library_name or "hanalife",
        "tags": tags,
        "base_model": base_model,
        "datasets": datasets,
        "metrics": metrics,
        "eval_results": eval_results,
        "model_name": model_name or model.name,
        "model_version": model_version or model.version,
        **(card_data or {}),
        **kwargs,
    }
    lines = _body(
        {"class_path": state.class_path, "constructor": state.constructor, "fit_parameters": state.fit_parameters,
         "facts": state.facts},
        state.tables, lineage.metrics(state), state.facts.get("signature"),
    )  # fmt: skip
    title = f"# {head['model_name'] or state.class_path.rpartition('.')[2]}"
    card = ModelCard("\n".join([*_front_matter(head), title, *lines]) + "\n")
    model.model_card_ = card
    return card


def _lines(found: ModelVersion, tags: Mapping[str, str], named: Sequence[str]) -> Iterator[str]:
    head = {
        "library_name": found.library,
        "model_name": found.name,
        "model_version": found.version,
        "tags": [f"{tag}: {value}" for tag, value in tags.items()] or None,
    }
    yield from _front_matter(head)
    yield f"# {found.name}, version {found.version}"
    yield ""
    by = f" by {found.created_by}" if found.created_by else ""
    yield f"Saved {found.created_at:%Y-%m-%d %H:%M:%S} UTC{by}." + (f" Aliases: {', '.join(named)}." if named else "")
    if found.notes:
        yield from ("", found.notes)
    yield from _body(found.state, found.tables, sourced(found), found.signature)
    yield from _section("Data", [(name, text) for (part, name), text in facts(found).items() if part == "DATA"])
    yield from _section("Environment", list((found.environment or {}).items()))
    yield from ("", f"Content: SHA-256 `{found.content_hash}` ({found.format}).")


def _body(
    state: Mapping[str, Any],
    tables: Mapping[str, Any],
    metrics: Mapping[str, Mapping[str, Any]],
    signature: Mapping[str, Any] | None,
) -> Iterator[str]:
    constructor = dict(state["constructor"])
    parameters = {**constructor, **constructor.pop("kwargs", {}), **state["facts"].get("parameters", {})}
    parameters.pop("kwargs", None)
    shown = [(name, json.dumps(value, ensure_ascii=False)) for name, value in parameters.items() if value is not None]
    yield from ("", f"A `{state['class_path'].rpartition('.')[2]}`.")
    yield from _section("Parameters", shown)
    yield from _section("Metrics", [(name, interval_text(kept)) for name, kept in labelled(metrics).items()])
    if any("low" in value for value in metrics.values()):
        yield from ("", "Brackets hold the 95 % interval.")
    importance = tables.get("importance_", {}).get("rows", [])
    yield from _section(
        "Importance", [(": ".join(row[:-1]), f"{float(row[-1]):.4g}") for row in importance[:_SHOWN_FEATURES]]
    )
    yield from _section("Input", (signature or {}).get("inputs", []))
    yield from _section("Output", (signature or {}).get("outputs", []))
    yield from ("", "## Limits", "")
    yield from (f"- {limit}" for limit in _limits(metrics, signature))


def _limits(metrics: Mapping[str, Mapping[str, Any]], signature: Mapping[str, Any] | None) -> Iterator[str]:
    names = ", ".join(name for name, _ in (signature or {}).get("inputs", []))
    if names:
        yield f"It knows nothing but {names}."
    sources = {kept["source"] for kept in metrics.values()}
    if not metrics:
        yield "No metrics are stored with it; score it before you rely on it."
    elif not sources & set(HELD_OUT):
        yield "Its metrics are of the rows that it was trained on; score it on others, which will fare worse."
    elif MetricSource.TEST not in sources:
        yield "It was not scored on a test set; its held-out metrics are of rows of its fit."
    if metrics and not any("low" in value for value in metrics.values()):
        yield "Its metrics come without intervals, so small differences may be chance."
    yield "Rows unlike those of its training are outside what was measured."


def _front_matter(head: Mapping[str, Any]) -> list[str]:
    # JSON is YAML.
    known = {name: value for name, value in head.items() if value is not None}
    return ["---", *(f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in known.items()), "---", ""]


def _section(title: str, pairs: Sequence[Sequence[Any]]) -> Iterator[str]:
    if pairs:
        yield from ("", f"## {title}", "", "| | |", "|---|---|")
        yield from (f"| {_cell(name)} | {_cell(value)} |" for name, value in pairs)


def _cell(value: Any) -> str:
    return str(value).replace("|", "\\|").replace("\n", " ")
