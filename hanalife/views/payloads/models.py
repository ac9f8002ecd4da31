"""Stored models, as a view is given them."""

from __future__ import annotations

from typing import Literal, TypedDict

from hanalife.views.payloads.words import Fact, Instant, JsonNumber, MetricSourceWord


class ModelRow(TypedDict):
    """One stored version of a model."""

    key: str
    name: str
    version: int
    kind: str
    library: str
    run_id: str | None
    created_at: Instant
    aliases: list[str]


class ModelsPayload(TypedDict):
    """All stored models."""

    contract: int
    seq: int
    database: str
    absent: list[str]
    models: list[ModelRow]


class ModelsChange(TypedDict):
    """Versions that came, changed or went, by key."""

    changed: list[ModelRow]
    removed: list[str]


class ModelsDelta(TypedDict):
    """What turns the payload number ``seq - 1`` into number ``seq``."""

    contract: int
    seq: int
    absent: list[str]
    models: ModelsChange


class ModelMetric(TypedDict):
    """A metric of a version from one source, and its 95 % interval, or the reason why it has none, if known."""

    name: str
    source: MetricSourceWord
    value: JsonNumber
    low: JsonNumber | None
    high: JsonNumber | None
    no_interval: str


class RollBack(TypedDict):
    """That an alias was taken from a version and named an earlier one again; the note says why."""

    alias: str
    version: int | None
    happened_at: Instant
    happened_by: str
    note: str


class VersionRow(ModelRow):
    """One version of a model, with what it was made of; ``rolled_back`` unless an alias of that name came back."""

    created_by: str
    dataset_hash: str
    format: str
    notes: str
    tags: list[Fact]
    metrics: list[ModelMetric]
    rolled_back: RollBack | None


class AliasRow(TypedDict):
    """A movable name for a version; ``back_to`` is the version that a roll-back would name."""

    alias: str
    version: int | None
    movers: list[str] | None
    moved_at: Instant
    moved_by: str
    back_to: int | None


class ModelEventRow(TypedDict):
    """Something that happened to a version or an alias; ``before`` is what the alias named until then."""

    event: str
    version: int | None
    before: int | None
    alias: str | None
    happened_at: Instant
    happened_by: str
    note: str


class ModelDetail(TypedDict):
    """All that is known of one model: versions newest first, history newest first."""

    contract: int
    name: str
    versions: list[VersionRow]
    aliases: list[AliasRow]
    history: list[ModelEventRow]
    history_total: int


class ComparedRow(TypedDict):
    """A fact of each version that is compared, empty where it has none."""

    section: Literal["PARAMETER", "DATA", "METRIC", "ENVIRONMENT"]
    name: str
    values: list[str]
    different: bool


class ModelComparison(TypedDict):
    """Versions of a model side by side."""

    contract: int
    name: str
    versions: list[int]
    rows: list[ComparedRow]
