"""Aliases: promotion, rolling back, protection, history."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import sqlalchemy as sa
from sklearn.linear_model import LogisticRegression

from hanalife import ModelStorage, errors
from hanalife.database import dialects

START = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.fixture
def storage(conn):
    """Give a storage with four versions of a model, whose clock moves on by a day with each look."""
    days = iter(range(999))
    made = ModelStorage(conn, clock=lambda: START + timedelta(days=next(days)))
    for number in (1, 2, 3, 4):
        estimator = LogisticRegression(C=number).fit(np.array([[0.0], [1.0]]), [0, 1])
        assert made.save_model(estimator, name="churn", signature={"X": "DOUBLE"}) == number
    return made


def user(storage):
    with storage.connection_context.database.read() as connection:
        return dialects.database_user(connection)


def test_an_alias_moves_and_its_history_stays(storage):
    with pytest.raises(errors.ModelStorageError, match="no version under alias 'champion'; set one: promote"):
        storage.load_model("churn", alias="champion")
    storage.promote("churn", 1)
    storage.promote("churn", 3, note="better AUC")
    storage.set_alias("churn", "challenger", 4)
    assert storage.load_model("churn", alias="champion").version == 3
    assert storage.load_model("churn", alias="champion").estimator.C == 3
    assert storage.list_aliases("churn")[["ALIAS", "VERSION"]].to_numpy().tolist() == [
        ["challenger", 4],
        ["champion", 3],
    ]
    history = storage.get_history("churn", "champion")
    assert history["EVENT"].tolist() == ["MOVED", "MOVED"]
    assert history["VERSION"].tolist() == [1, 3]
    assert history["NOTE"].tolist() == ["", "better AUC"]
    assert set(history["HAPPENED_BY"]) == {user(storage)}
    assert history["HAPPENED_AT"].is_monotonic_increasing
    assert [each["from"] for each in history["DETAILS"]] == [None, 1]


def test_rolling_back_goes_back_step_by_step(storage):
    with pytest.raises(errors.ModelStorageError, match="no earlier version"):
        storage.roll_back("churn")
    for number in (2, 1, 2, 3):
        storage.promote("churn", number)
    assert [storage.roll_back("churn") for _ in range(3)] == [2, 1, 2]
    with pytest.raises(errors.ModelStorageError, match="no earlier version"):
        storage.roll_back("churn")
    storage.promote("churn", 4)
    assert storage.roll_back("churn", note="too slow") == 2
    assert storage.get_history("churn", "champion").iloc[-1][["EVENT", "NOTE"]].tolist() == ["ROLLED_BACK", "too slow"]


def test_rolling_back_passes_over_what_is_deleted(storage):
    for number in (1, 2, 3):
        storage.promote("churn", number)
    storage.delete_model("churn", 2)
    assert storage.roll_back("churn") == 1


def test_a_named_version_is_not_deleted(storage):
    storage.promote("churn", 2)
    for delete in (lambda: storage.delete_model("churn", 2), lambda: storage.delete_models("ch%")):
        with pytest.raises(errors.ModelStorageError, match=r"named by alias 'champion'.*Nothing was deleted"):
            delete()
    assert len(storage.list_models()) == 4
    storage.delete_alias("churn", "champion")
    assert storage.list_aliases().empty
    assert storage.delete_models("churn") == 4
    assert storage.get_history("churn")["EVENT"].tolist() == ["SAVED"] * 4 + ["MOVED", "REMOVED"] + ["DELETED"] * 4


def test_a_protected_alias_moves_by_named_hands_and_with_a_reason(storage):
    me = user(storage)
    storage.set_alias("churn", "champion", 1, protected=True)
    with pytest.raises(errors.ModelStorageError, match="note: alias 'champion' is protected; say why"):
        storage.promote("churn", 2)
    storage.promote("churn", 2, note="approved by the board")
    with pytest.raises(errors.ModelStorageError, match="say why"):
        storage.roll_back("churn")
    storage.set_alias("churn", "champion", 3, protected=True, movers=["release"], note="handed over")
    for move in (
        lambda: storage.promote("churn", 4, note="because"),
        lambda: storage.roll_back("churn", note="because"),
        lambda: storage.delete_alias("churn", "champion", note="because"),
        lambda: storage.set_alias("churn", "champion", 3, protected=False, note="because"),
        lambda: storage.clean_up(confirm=True),
    ):
        with pytest.raises(errors.ModelStorageError, match=f"protected; release may move it, {me} may not"):
            move()
    assert storage.list_aliases()[["VERSION", "MOVERS"]].to_numpy().tolist() == [[3, ["release"]]]
    other = LogisticRegression(C=9).fit(np.array([[0.0], [1.0]]), [0, 1])
    with pytest.raises(errors.ModelStorageError, match="protected alias 'champion' and so cannot be replaced"):
        storage.save_model(other, if_exists="replace", name="churn", version=3, signature={"X": "DOUBLE"})
    assert storage.load_model("churn", alias="champion").estimator.C == 3


def test_what_cannot_be_an_alias(storage):
    for alias in ("", "1st", "a b", "a;b", None, "x" * 101):
        with pytest.raises(errors.InvalidArgumentError, match="alias"):
            storage.set_alias("churn", alias, 1)
    with pytest.raises(errors.ModelStorageError, match="version 9; its versions are: 1, 2, 3, 4"):
        storage.promote("churn", 9)
    with pytest.raises(errors.ModelStorageError, match="no model 'nobody'"):
        storage.promote("nobody", 1)
    with pytest.raises(errors.ModelStorageError, match="alias"):
        storage.delete_alias("churn", "champion")
    assert storage.list_aliases().empty
    with storage.connection_context.database.read() as connection:
        names = connection.execute(sa.text("SELECT name FROM hl_model")).scalars().all()
    assert names == ["churn"], "what failed left nothing"


def test_loading_by_alias_is_one_indexed_read(storage, sqlite_conn, conn):
    storage.promote("churn", 2)
    statements = []

    def note(_connection, _cursor, statement, *_rest):
        statements.append(statement)

    engine = conn.database.engine
    sa.event.listen(engine, "before_cursor_execute", note)
    storage.load_model("churn", alias="champion")
    reads = [statement for statement in statements if "hl_model" in statement]
    assert len(reads) == 1
    plan = "EXPLAIN QUERY PLAN " if engine.dialect.name == "sqlite" else None
    if plan:
        with conn.database.read() as connection:
            steps = connection.exec_driver_sql(plan + reads[0], ("churn", "champion")).all()
        assert all("USING INDEX" in step[-1] or "USING PRIMARY KEY" in step[-1] for step in steps), steps
