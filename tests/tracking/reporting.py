"""A model that only reports: the observer protocol is all that tracking knows of models."""

from __future__ import annotations

import json
import time

from hanalife.observation import (
    CallOutcome,
    CallProgress,
    CallStart,
    ColumnSpec,
    DatasetFacts,
    MetricSource,
    Signature,
)

COLUMNS = (ColumnSpec("ID", "INT"), ColumnSpec("BMI", "DOUBLE"))
FACTS = DatasetFacts(rows=3, columns=COLUMNS, sql='SELECT "ID", "BMI" FROM "T"', content_hash="ab12", source_table="T")
BARE = CallOutcome(dataset=FACTS, seconds=0.25)
FULL = CallOutcome(
    dataset=FACTS,
    seconds=1.5,
    metrics={"AUC": 0.75, "TEST_AUC": "0.7,0.8"},
    source=MetricSource.VALIDATION,
    other_sources={"TEST_AUC": MetricSource.CV},
    importance={"BMI": 0.6, "AGE": 0.4},
    confusion=(("0", "0", 7), ("0", "1", 2), ("1", "0", 1), ("1", "1", 5)),
    curves={"ROC_FPR": ((0.0, 0.0), (1.0, 1.0)), "ROC_TPR": ((0.0, 0.0), (1.0, 1.0))},
    signature=Signature(
        properties={"CLASS": "UnifiedClassification", "LABEL": "CLASS"},
        inputs=COLUMNS,
        outputs=(ColumnSpec("SCORE", "NVARCHAR"),),
        parameters={"max_depth": {"TYPE": "INT", "DEFAULT": 6}},
    ),
    optimal_parameters={"learning_rate": 0.1},
)
SCORE = CallOutcome(dataset=FACTS, seconds=0.5, metrics={"AUC": 0.5, "KAPPA": 0.25}, source=MetricSource.TEST)


class Model:
    """Reports calls with the outcomes it is told to have."""

    def __init__(self):
        self.observer = None

    def call(self, method, outcome=BARE, parameters=None, during=None):
        """Report a call; ``during`` runs in its middle and may raise."""
        observer = self.observer
        run_id = None
        if observer:
            run_id = observer.call_started(CallStart(method, "UNIFIED_CLASSIFICATION", parameters or {"depth": 6}))
        try:
            if during:
                during()
        except BaseException as error:
            if observer:
                observer.call_failed(error)
            raise
        if observer:
            observer.call_finished(outcome)
        return run_id

    def fit(self, outcome=FULL, **options):
        return self.call("fit", outcome, **options)

    def score(self, outcome=SCORE, **options):
        return self.call("score", outcome, **options)

    def progress(self, done, total, text=""):
        self.observer.call_progressed(CallProgress(done, total, text))


def entries(frame):
    """Collect a log frame as ``[(key, content), ...]``."""
    rows = frame.collect()
    return [(key, strict(text)) for key, text in zip(rows["EVENT_KEY"], rows["EVENT_MESSAGE"], strict=True)]


def strict(text):
    """Read JSON as a browser does: NaN and Infinity are no words of it."""

    def refuse(word):
        raise AssertionError(f"{word} is not JSON")

    return json.loads(text, parse_constant=refuse)


def until(condition, seconds=20.0):
    """Wait until a condition holds and return its value."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, f"not so after {seconds} s"
        time.sleep(0.02)
