"""Bad arguments of frame methods: a typed error that names the argument, the value and the remedy."""

from __future__ import annotations

import logging

import pandas as pd
import pytest

from hanalife import errors
from hanalife.dataframe.reshaping import melt

TYPES = {"ID": "INT", "X": "DOUBLE", "S": "NVARCHAR(20)", "AT": "TIMESTAMP"}


@pytest.fixture(scope="module")
def frame(store):
    """Give a frame of three rows."""
    moments = pd.to_datetime(["2026-01-01", None, "2026-01-03"])
    data = pd.DataFrame({"ID": [1, 2, 3], "X": [0.5, None, 2.0], "S": ["a", "b", None], "AT": moments})
    return store.create_from_pandas(data, "FEW", TYPES)


CASES = [
    # --- unknown columns ------------------------------------------------------------------------
    (lambda f: f.select("ID", "Q"), errors.UnknownColumnError, "cols: no column 'Q'; the columns are: ID, X, S, AT"),
    (lambda f: f["Q"], ValueError, "no column 'Q'"),
    (lambda f: f.drop(["X", "Q"]), errors.UnknownColumnError, "cols: no column 'Q'"),
    (lambda f: f.sort("Q"), errors.UnknownColumnError, "cols"),
    (lambda f: f.sort_values(["Q"]), errors.UnknownColumnError, "by: no column 'Q'"),
    (lambda f: f.tail(1, "Q"), errors.UnknownColumnError, "ref_col"),
    (lambda f: f.distinct("Q"), errors.UnknownColumnError, "cols"),
    (lambda f: f.drop_duplicates(["Q"]), errors.UnknownColumnError, "subset"),
    (lambda f: f.dropna(subset=["Q"]), errors.UnknownColumnError, "subset"),
    (lambda f: f.hasna("Q"), errors.UnknownColumnError, "cols"),
    (lambda f: f.fillna(1, ["Q"]), errors.UnknownColumnError, "subset"),
    (lambda f: f.nullif({"Q": 1}), errors.UnknownColumnError, "to_replace"),
    (lambda f: f.replace({"Q": {1: 2}}), errors.UnknownColumnError, "to_replace"),
    (lambda f: f.rename_columns({"Q": "R"}), errors.UnknownColumnError, "names"),
    (lambda f: f.cast("Q", "INT"), errors.UnknownColumnError, "cols"),
    (lambda f: f.to_datetime("Q"), errors.UnknownColumnError, "cols"),
    (lambda f: f.to_head("Q"), errors.UnknownColumnError, "col"),
    (lambda f: f.to_tail("Q"), errors.UnknownColumnError, "col"),
    (lambda f: f.set_index("Q"), errors.UnknownColumnError, "keys"),
    (lambda f: f.rearrange(key="Q"), errors.UnknownColumnError, "key"),
    (lambda f: f.agg([("max", "Q", "M")]), errors.UnknownColumnError, "agg_list"),
    (lambda f: f.agg([("max", "X", "M")], group_by="Q"), errors.UnknownColumnError, "group_by"),
    (lambda f: f.corr("X", "Q"), errors.UnknownColumnError, "second_col"),
    (lambda f: f.bin("Q"), errors.UnknownColumnError, "col"),
    (lambda f: f.diff("Q"), errors.UnknownColumnError, "index"),
    (lambda f: f.describe(["Q"]), errors.UnknownColumnError, "cols"),
    (lambda f: f.summary("X", select_stat="MODE"), errors.UnknownColumnError, "select_stat: no column 'MODE'"),
    (lambda f: f.value_counts("Q"), errors.UnknownColumnError, "subset"),
    (lambda f: f.pivot_table("X", "Q", "S"), errors.UnknownColumnError, "index"),
    (lambda f: f.dtypes(["Q"]), errors.UnknownColumnError, "subset"),
    (lambda f: f.is_numeric("Q"), errors.UnknownColumnError, "cols"),
    (lambda f: melt(f, ["Q"]), errors.UnknownColumnError, "id_vars"),
    # --- wrong types ----------------------------------------------------------------------------
    (lambda f: f[0], TypeError, "item: expected a column name or a list of them, got 0"),
    (lambda f: f.select(3), TypeError, "cols: expected a name"),
    (lambda f: f.deselect(3), TypeError, "cols"),
    (lambda f: f.filter(3), errors.BadSQLError, "condition"),
    (lambda f: f.filter("ID + 1"), errors.BadSQLError, "condition"),
    (lambda f: f.filter(f.X), TypeError, "X is no condition; compare it"),
    (lambda f: f.head("2"), TypeError, "n: expected a whole number, got '2'"),
    (lambda f: f.sort(3), TypeError, "cols"),
    (lambda f: f.fillna([1]), TypeError, r"value: expected a number or text, got \[1\]"),
    (lambda f: f.rename_columns("A"), TypeError, "names"),
    (lambda f: f.to_head(["X"]), TypeError, "col: expected text"),
    (lambda f: f.cast("X"), TypeError, "new_type: expected text, got None"),
    (lambda f: f.auto_cast("INT"), TypeError, "type_convert"),
    (lambda f: f.mutate(Y=3), TypeError, r"Y: expected an expression such as df.A \+ 1, got 3.*add_constant"),
    (lambda f: f.add_constant("C", object), TypeError, "value"),
    (lambda f: f.agg(("max", "X", "M")), TypeError, "agg_list: expected a list"),
    (lambda f: f.agg([("max", "X")]), TypeError, r"agg_list: expected \(function, column, alias\)"),
    (lambda f: f.corr(1, "X"), TypeError, "first_col"),
    (lambda f: f.bin(1), TypeError, "col"),
    (lambda f: f.bin("X", "other"), TypeError, "strategy: 'other' is not one of"),
    (lambda f: f.join("x", "L.ID = R.ID"), TypeError, "other: expected a DataFrame"),
    (lambda f: f.union([]), TypeError, "other"),
    (lambda f: f.save(3), TypeError, r"where: expected a name or \(schema, name\), got 3"),
    # --- values that cannot be used -------------------------------------------------------------
    (lambda f: f.select(), errors.InvalidArgumentError, "cols: name at least one column"),
    (lambda f: f.select("ID", ("X", "ID")), errors.InvalidArgumentError, "a column 'ID' exists already"),
    (lambda f: f.head(-1), errors.InvalidArgumentError, "n: expected a number of at least 0, got -1"),
    (lambda f: f.sort([]), errors.InvalidArgumentError, "cols: name at least one column"),
    (lambda f: f.sort_index(), errors.InvalidArgumentError, r"set_index\(\)"),
    (lambda f: f.drop_duplicates([]), errors.InvalidArgumentError, "subset"),
    (lambda f: f.dropna("any", 2), errors.InvalidArgumentError, "thresh: give how or thresh, not both"),
    (lambda f: f.dropna("some"), errors.InvalidArgumentError, "how: 'some' is not one of 'any', 'all'"),
    (lambda f: f.replace(), errors.InvalidArgumentError, "to_replace"),
    (lambda f: f.replace(1), errors.InvalidArgumentError, r"value: give what comes instead of 1; for NULL use nullif"),
    (lambda f: f.replace([1, 2], [3]), errors.InvalidArgumentError, "value: 1 values for 2"),
    (
        lambda f: f.replace({"X": {1: "a"}}),
        errors.InvalidArgumentError,
        "value for 'X': the value 'a' does not fit.*DOUBLE",
    ),
    (lambda f: f.replace("(", "", regex=True), errors.InvalidArgumentError, "'\\(' is not a regular expression"),
    (lambda f: f.replace("a", "b", regex="c"), errors.InvalidArgumentError, "regex"),
    (lambda f: f.rename_columns(["A"]), errors.InvalidArgumentError, "not enough names, 1 for 4 columns"),
    (lambda f: f.rename_columns(list("ABCDE")), errors.InvalidArgumentError, "too many names"),
    (lambda f: f.rename_columns({"ID": "X"}), errors.InvalidArgumentError, "names: a column 'X' exists already"),
    (lambda f: f.cast("X", "SUPERINT"), errors.InvalidArgumentError, "'SUPERINT' is not a column type"),
    (lambda f: f.cast("X", "INT); DROP TABLE T; --"), errors.InvalidArgumentError, "is not a column type"),
    (lambda f: f.to_datetime({"S": "HH24:MI"}), errors.InvalidArgumentError, "has no day"),
    (lambda f: f.add_id("X"), errors.InvalidArgumentError, "id_col: a column 'X' exists already"),
    (lambda f: f.add_constant("X", 1), errors.InvalidArgumentError, "column_name"),
    (lambda f: f.rearrange(features=["X", "S", "AT", "ID"]), errors.InvalidArgumentError, "label: no column is left"),
    (lambda f: f.split_column("S", "", ["P"]), errors.InvalidArgumentError, "separator"),
    (lambda f: f.split_column("S", ",", ["P", "P"]), errors.InvalidArgumentError, "new_column_names"),
    (lambda f: f.agg([]), errors.InvalidArgumentError, "agg_list"),
    (lambda f: f.agg([("frobnicate", "X", "M")]), errors.BadSQLError, "agg_list.*frobnicate"),
    (lambda f: f.agg([("max", "X", "ID")], group_by="ID"), errors.InvalidArgumentError, "'ID' exists already"),
    (lambda f: f.mean(), errors.InvalidArgumentError, r"'S' \(NVARCHAR\), 'AT' \(TIMESTAMP\); select numeric columns"),
    (lambda f: f.corr("X", "S"), errors.InvalidArgumentError, r"not a number: 'S' \(NVARCHAR\)"),
    (lambda f: f.bin("S"), errors.InvalidArgumentError, "'S'"),
    (lambda f: f.bin("X", bin_width=1), errors.InvalidArgumentError, "bin_width: 1 is for strategy='uniform_size'"),
    (lambda f: f.bin("X", "uniform_size"), errors.InvalidArgumentError, "bin_width: expected a number greater than 0"),
    (lambda f: f.bin("X", bins=0), errors.InvalidArgumentError, "bins"),
    (lambda f: f.diff("ID", diff_datetime="weeks"), errors.InvalidArgumentError, "diff_datetime: 'weeks'"),
    (lambda f: f.summary("S"), errors.InvalidArgumentError, "cols: not a number"),
    (lambda f: f.summary(method="guess"), errors.InvalidArgumentError, "method: 'guess'"),
    (lambda f: f.generate_feature("X"), errors.InvalidArgumentError, "agg_func, trans_func"),
    (lambda f: f.generate_feature("X", agg_func="SUM"), errors.InvalidArgumentError, "group_by"),
    (lambda f: f.generate_feature("X", trans_func="LAG"), errors.InvalidArgumentError, "order_by"),
    (lambda f: f.generate_feature("X", trans_func="F(1) + G"), errors.InvalidArgumentError, "trans_func"),
    (lambda f: f.generate_feature("X", trans_func="PG_SLEEP"), errors.BadSQLError, "trans_func.*PG_SLEEP"),
    (lambda f: melt(f, ["ID"], var_name="ID"), errors.InvalidArgumentError, "var_name, value_name"),
    (lambda f: f.set_operations(f, op="MINUS"), errors.InvalidArgumentError, "op: 'MINUS' is not one of"),
    (lambda f: f.union(f.select("ID")), errors.InvalidArgumentError, "has 1 columns and this frame 4"),
    (lambda f: f.save("T", table_type="HEAP"), errors.InvalidArgumentError, "table_type: 'HEAP'"),
    (lambda f: f.save("T", table_type="LOCAL TEMPORARY"), errors.InvalidArgumentError, "use '#T'"),
    (lambda f: f.save("T", view_structure={}), errors.InvalidArgumentError, "view_structure"),
    (lambda f: f.save("T", table_type="VIEW", append=True), errors.InvalidArgumentError, "append"),
    (lambda f: f.save("#"), errors.InvalidArgumentError, "where"),
    # --- joins ----------------------------------------------------------------------------------
    (lambda f: f.join(f, "L.ID = R.ID", how="full"), KeyError, "how: 'full' is not one of 'inner', 'left'"),
    (lambda f: f.join(f, "1 = 1", how="cross"), errors.InvalidArgumentError, "a cross join takes none"),
    (lambda f: f.join(f), errors.InvalidArgumentError, "the left frame has no index"),
    (lambda f: f.alias("L").join(f.alias("L"), "L.ID = 1"), errors.InvalidArgumentError, "both frames are named 'L'"),
    (lambda f: f.alias("L").join(f.alias("R"), "L.ID = R.ID"), errors.InvalidArgumentError, r"select=\['L\.\*'"),
    (lambda f: f.alias("L").join(f.alias("R"), "M.ID = R.ID"), errors.UnknownColumnError, "'M'; the columns are: L, R"),
    (lambda f: f.alias("L").join(f.alias("R"), "L.ID = R.Q"), errors.UnknownColumnError, "no column 'Q'"),
    (lambda f: f.alias("L").join(f.alias("R"), "L.ID = R."), errors.BadSQLError, "a dot stands between two names"),
    (lambda f: f.alias("L").join(f.alias("R"), "L.ID = R.ID; DROP TABLE X"), errors.BadSQLError, "condition"),
    (
        lambda f: f.alias("L").set_index(["ID", "X"]).join(f.alias("R").set_index("ID")),
        errors.InvalidArgumentError,
        "differ in length",
    ),
    (lambda f: f.alias("L").join([f, f], "L.ID = 1"), errors.InvalidArgumentError, "joined on indexes only"),
    # --- column expressions ---------------------------------------------------------------------
    (lambda f: f.Q, AttributeError, "no method and no column 'Q'; the columns are: ID, X, S, AT"),
    (lambda f: f.X - "a", TypeError, "'a' is not a number"),
    (lambda f: f.S * 2, TypeError, "S is not a number"),
    (lambda f: f.AT + 1, TypeError, "AT is not a number"),
    (lambda f: f.X == "a", errors.InvalidArgumentError, "'a' does not fit a column of type DOUBLE"),
    (lambda f: f.S > 1, errors.InvalidArgumentError, "1 does not fit a column of type NVARCHAR"),
    (lambda f: f.AT > "yesterday", errors.InvalidArgumentError, "'yesterday' does not fit a column of type TIMESTAMP"),
    (lambda f: f.X.isin("abc"), TypeError, "isin: expected a list"),
    (lambda f: f.X.isin(["a"]), errors.InvalidArgumentError, "isin of X"),
    (lambda f: f.X > f.head().X, ValueError, "X and X are columns of different frames; join"),
    (lambda f: f.select("X").select(f.select("ID").ID), ValueError, "ID is a column of another frame"),
    (lambda f: (f.X > 1) & 3, TypeError, "put brackets around each comparison"),
    (lambda f: (f.X > 1) and (f.X < 3), TypeError, "no truth value.*& | ~"),
    # --- SAP HANA only --------------------------------------------------------------------------
    (lambda f: f.to_pickle("x.pkl"), errors.NotSupportedError, r"to_pickle: works inside SAP HANA only.*use save\(\)"),
    (lambda f: f.save_nativedisktable("T"), errors.NotSupportedError, r"save_nativedisktable.*use save\(\)"),
    (lambda f: f.generate_table_type(), errors.NotSupportedError, "get_table_structure"),
    (lambda f: f.save("T", data_lake=True), errors.NotSupportedError, "data_lake"),
]


@pytest.mark.parametrize("place", range(len(CASES)))
def test_what_cannot_be_done_is_said(frame, place):
    call, kind, message = CASES[place]
    with pytest.raises(kind, match=message) as caught:
        call(frame)
    assert isinstance(caught.value, (errors.Error, AttributeError))
    assert not frame.connection_context.has_table("T"), "nothing was written"
    assert frame.count() == 3


def test_frames_of_two_connections_cannot_meet(frame):
    with frame.connection_context.copy() as other:
        stranger = other.sql("SELECT 1 AS A").alias("R")
        with pytest.raises(errors.InvalidArgumentError, match="other: belongs to another connection"):
            frame.alias("L").join(stranger, "L.ID = R.A")
        with pytest.raises(errors.InvalidArgumentError, match="another connection"):
            frame.union(stranger)


def test_tuning_of_sap_hana_is_accepted(frame, caplog):
    with caplog.at_level(logging.DEBUG, "hanalife"):
        assert frame.apply_with_hint("NO_CS_JOIN") is frame
        assert frame.disable_validate_columns().enable_validate_columns().declare_lttab_usage(usage=True) is frame
        assert len(frame.collect(fetch_size=1, geometries=False)) == 3
    assert "apply_with_hint: tuning of SAP HANA, ignored here" in caplog.text
    assert "collect: fetch_size" in caplog.text
    assert (frame.geometries, frame.srids) == ([], {})
