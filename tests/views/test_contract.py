"""The contract: generated types are fresh, golden files are what Python writes, words are shared."""

from __future__ import annotations

import json
from typing import get_args

import pytest

from hanalife.observation import MetricSource
from hanalife.records import JobStatus, RunStatus, TickStatus
from hanalife.views import typescript
from hanalife.views.payloads import words
from tests.views import golden


def test_generated_types_are_fresh():
    path = golden.ROOT / "js" / "src" / "contract" / "types.gen.ts"
    assert path.read_text() == typescript.render(*typescript.SUBJECTS), (
        "stale; run: python -m hanalife.views.typescript > js/src/contract/types.gen.ts"
    )


@pytest.mark.parametrize("name", golden.NAMES)
def test_golden_files_are_what_python_writes(name):
    path = golden.FOLDER / f"{name}.json"
    assert json.loads(path.read_text()) == golden.payloads()[name], "stale; run: python -m tests.views.golden"


@pytest.mark.parametrize(
    ("words", "enum"),
    [
        (words.RunStatusWord, RunStatus),
        (words.JobStatusWord, JobStatus),
        (words.TickStatusWord, TickStatus),
        (words.MetricSourceWord, MetricSource),
    ],
)
def test_status_words_are_those_of_the_records(words, enum):
    assert list(get_args(words)) == [member.value for member in enum]


def test_a_type_outside_the_list_is_refused():
    class Odd:
        Word = set[str]

    with pytest.raises(TypeError, match="no TypeScript"):
        typescript._type(Odd.Word)
