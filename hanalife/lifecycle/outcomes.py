"""What a job gives beside its end: frames for tables, a verdict, and facts for the parts after it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from hanalife.dataframe.frame import DataFrame

#: The verdicts that tasks of a kind may give, which gates may wait for.
VERDICTS: Mapping[str, tuple[str, ...]] = {
    "drift": ("drift", "no_drift", "unknown"),
    "watch": ("idle", "kept", "rolled_back", "unknown"),
    "challenge": ("fitted", "resting", "unknown"),
    "compare": ("better", "not_better", "unknown"),
    "promote": ("promoted", "waiting", "overtaken", "dry_run"),
}

#: The name under which a job keeps the facts of its finding.
FACTS = "facts.json"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a job found."""

    verdict: str  #: one of :data:`VERDICTS`
    reason: str  #: in words
    facts: Mapping[str, Any] = field(default_factory=dict)  #: JSON, for the parts of the composite after it


@dataclass(frozen=True, slots=True)
class Result:
    """What a job has to write: frames into tables, and whatever else belongs to the same transaction."""

    frames: Sequence[DataFrame] = ()
    outputs: Sequence[str] = ()
    append: bool = False
    write: Callable[[sa.Connection], Finding | None] | None = None
