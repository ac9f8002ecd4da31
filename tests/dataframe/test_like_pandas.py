"""A frame's rows equal pandas' own, on random tables and on every database."""

# ruff: noqa: PD101  # what it advises would count NULL as a value

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import scipy.stats

from hanalife.dataframe.reshaping import melt
from tests.dataframe.samples import assert_same, on_random_rows, plain, rows_of

NUMBERS = ["A", "X"]


def only(data, names, change):
    return data.assign(**{name: change(data[name]) for name in names})


def sorted_like_sql(data, by, *, desc=False):
    return data.sort_values(by, ascending=not desc, na_position="last" if desc else "first", kind="stable")


#: name -> (what the frame does, what pandas does); the rows' order does not count.
ROWS_AND_COLUMNS = {
    "select": (lambda f: f.select("X", ["ID"]), lambda d: d[["X", "ID"]]),
    "select an expression": (
        lambda f: f.select("ID", ("A * 2 + K", "V")),
        lambda d: pd.DataFrame({"ID": d.ID, "V": d.A * 2 + d.K}),
    ),
    "deselect": (lambda f: f.deselect(["X", "NOT THERE"]), lambda d: d.drop(columns="X")),
    "drop": (lambda f: f.drop(["X", "S"]), lambda d: d.drop(columns=["X", "S"])),
    "filter text": (lambda f: f.filter("A > 0 OR S = 'a'"), lambda d: d[(d.A > 0).fillna(value=False) | (d.S == "a")]),
    "filter column": (
        lambda f: f.filter((f.A >= 0) & ~(f.X < 1)),
        lambda d: d[(d.A >= 0).fillna(value=False) & (d.X >= 1)],
    ),
    "filter list": (lambda f: f.filter(["K = 1", f.X > 0]), lambda d: d[(d.K == 1) & (d.X > 0)]),
    "isin": (lambda f: f.filter(f.S.isin(["a", "b", None])), lambda d: d[d.S.isin(["a", "b", None])]),
    "distinct": (lambda f: f.distinct(["K", "A"]), lambda d: d[["K", "A"]].drop_duplicates()),
    "distinct of all": (lambda f: f.select("K", "OK").distinct(), lambda d: d[["K", "OK"]].drop_duplicates()),
    "drop_duplicates": (lambda f: f.drop_duplicates(["K", "S"]), lambda d: d.drop_duplicates(["K", "S"])),
    "add_id": (
        lambda f: f.select("ID", "X").add_id("N", ref_col=["X", "ID"], starting_point=5),
        lambda d: sorted_like_sql(d[["ID", "X"]], ["X", "ID"]).pipe(
            lambda s: pd.DataFrame({"N": range(5, 5 + len(s)), "ID": s.ID.array, "X": s.X.array})
        ),
    ),
    "add_constant": (
        lambda f: f.select("ID").add_constant("C", "it's").add_constant("N", 1.5),
        lambda d: d[["ID"]].assign(C="it's", N=1.5),
    ),
    "to_head": (lambda f: f.to_head("X"), lambda d: d[["X", "ID", "K", "A", "S", "OK", "AT"]]),
    "to_tail": (lambda f: f.to_tail("K"), lambda d: d[["ID", "A", "X", "S", "OK", "AT", "K"]]),
    "rearrange": (lambda f: f.rearrange("ID", ["X", "K"], "A"), lambda d: d[["ID", "X", "K", "A"]]),
    "rename_columns": (lambda f: f.rename_columns({"X": "a b"}), lambda d: d.rename(columns={"X": "a b"})),
    "rename all": (
        lambda f: f.select("ID", "X").rename_columns(["X", "ID"]),
        lambda d: d[["ID", "X"]].set_axis(["X", "ID"], axis=1),
    ),
    "mutate": (
        lambda f: f.select("ID", "A", "X").mutate(A=f.A * 3, V=(f.X - 1) / 2 + f.ID),
        lambda d: pd.DataFrame({"ID": d.ID, "X": d.X, "A": d.A * 3, "V": (d.X - 1) / 2 + d.ID}),
    ),
    "mutate text": (
        lambda f: f.select("ID", "S").mutate(T=f.S + "-" + f.ID),
        lambda d: d[["ID", "S"]].assign(T=[None if s is None else f"{s}-{i}" for s, i in zip(d.S, d.ID, strict=True)]),
    ),
    "a comparison as a value": (
        lambda f: f.select("ID", (f.X > 0, "P")),
        lambda d: pd.DataFrame({"ID": d.ID, "P": (d.X > 0).astype(int)}),
    ),
    "alias": (lambda f: f.alias("Q"), lambda d: d),
}

CLEANING = {
    "dropna": (lambda f: f.dropna(), lambda d: d.dropna()),
    "dropna all": (lambda f: f.dropna("all", subset=["A", "X"]), lambda d: d.dropna(how="all", subset=["A", "X"])),
    "dropna thresh": (lambda f: f.dropna(thresh=5), lambda d: d.dropna(thresh=5)),
    "fillna number": (lambda f: f.fillna(7), lambda d: only(d, NUMBERS, lambda c: c.fillna(7))),
    "fillna fraction": (
        lambda f: f.fillna(0.5, ["A"]),
        lambda d: only(d, ["A"], lambda c: c.astype("float64").fillna(0.5)),
    ),
    "fillna text": (lambda f: f.fillna("zz"), lambda d: only(d, ["S"], lambda c: c.where(c.notna(), "zz"))),
    "fillna moment": (
        lambda f: f.fillna("2026-01-02", ["AT"]),
        lambda d: only(d, ["AT"], lambda c: c.fillna(pd.Timestamp("2026-01-02"))),
    ),
    "fillna bool": (lambda f: f.fillna(value=True), lambda d: only(d, ["OK"], lambda c: c.fillna(value=True))),
    "nullif": (
        lambda f: f.nullif(1),
        lambda d: only(d, ["ID", "K", "A", "X"], lambda c: c.astype("float64").mask(lambda v: v == 1)),
    ),
    "nullif by column": (
        lambda f: f.nullif({"S": "a", "K": 2}),
        lambda d: only(d.assign(S=d.S.where(d.S != "a", None)), ["K"], lambda c: c.astype("Int64").mask(c == 2)),
    ),
    "replace": (lambda f: f.replace(1, 9), lambda d: only(d, ["ID", "K", "A", "X"], lambda c: c.replace(1, 9))),
    "replace text": (lambda f: f.replace("a", "it's"), lambda d: only(d, ["S"], lambda c: c.replace("a", "it's"))),
    "replace list": (
        lambda f: f.replace([0, 1], [1, 0]),
        lambda d: only(d, ["ID", "K", "A", "X"], lambda c: c.replace([0, 1], [1, 0])),
    ),
    "replace list by one": (
        lambda f: f.replace(["a", "b"], "c"),
        lambda d: only(d, ["S"], lambda c: c.replace(["a", "b"], "c")),
    ),
    "replace dict": (
        lambda f: f.replace({0: 1, 1: 0}),
        lambda d: only(d, ["ID", "K", "A", "X"], lambda c: c.replace({0: 1, 1: 0})),
    ),
    "replace in a column": (lambda f: f.replace({"K": 0}, 5), lambda d: d.replace({"K": 0}, 5)),
    "replace nested": (
        lambda f: f.replace({"K": {0: 5, 5: 0}, "A": {1: None}}),
        lambda d: only(d.assign(K=d.K.replace({0: 5, 5: 0})), ["A"], lambda c: c.mask((c == 1).fillna(value=False))),
    ),
    "replace a pattern": (
        lambda f: f.replace("[aA]+", "<>", regex=True),
        lambda d: only(d, ["S"], lambda c: c.str.replace("[aA]+", "<>", regex=True)),
    ),
    "replace patterns": (
        lambda f: f.replace(regex={"^a": "x", "b$": "y"}),
        lambda d: only(d, ["S"], lambda c: c.str.replace("^a", "x", regex=True).str.replace("b$", "y", regex=True)),
    ),
    "cast to double": (
        lambda f: f.cast(["A", "K"], "DOUBLE"),
        lambda d: only(d, ["A", "K"], lambda c: c.astype("float64")),
    ),
    "cast to int": (lambda f: f.cast({"X": "INT"}), lambda d: only(d, ["X"], np.trunc)),
    "cast to text": (
        lambda f: f.select("ID", "A").cast("A", "NVARCHAR(5)"),
        lambda d: d[["ID"]].assign(A=[None if a is pd.NA else str(a) for a in d.A]),
    ),
    "cast to date": (
        lambda f: f.select("ID", "AT").cast("AT", "DATE"),
        lambda d: d[["ID"]].assign(AT=[None if at is pd.NaT else at.date() for at in d.AT]),
    ),
    "auto_cast": (
        lambda f: f.auto_cast({"int": "DOUBLE", "BOOLEAN": "INT"}),
        lambda d: only(d, ["ID", "K", "A", "OK"], lambda c: c.astype("Int64").astype("float64")),
    ),
    "to_datetime": (
        lambda f: f.select("ID", ("'2026-02-0' || (K + 1)", "D")).to_datetime({"D": "YYYY-MM-DD"}),
        lambda d: pd.DataFrame({"ID": d.ID, "D": [pd.Timestamp(2026, 2, k + 1).date() for k in d.K]}),
    ),
    "split_column": (
        lambda f: f.select("S").split_column("S", ",", ["P", "Q"]),
        lambda d: pd.DataFrame(
            {
                "S": d.S,
                "P": [None if s is None else s.split(",", 1)[0] for s in d.S],
                "Q": [None if s is None or "," not in s else s.split(",", 1)[1] for s in d.S],
            }
        ),
    ),
    "concat_columns": (
        lambda f: f.select("ID", "S").concat_columns(["S", "ID"], "-"),
        lambda d: d[["ID", "S"]].assign(
            **{"S-ID": [None if s is None else f"{s}-{i}" for s, i in zip(d.S, d.ID, strict=True)]}
        ),
    ),
}


def other(frame_or_data):
    """Make the right-hand side of a join: some of the rows, other columns."""
    if isinstance(frame_or_data, pd.DataFrame):
        chosen = frame_or_data[frame_or_data.K != 1]
        return pd.DataFrame({"ID": chosen.ID + 1, "Y": chosen.X})
    return frame_or_data.filter("K <> 1").select(("ID + 1", "ID"), ("X", "Y"))


def joined(how):
    def with_frames(f):
        select = [("COALESCE(L.ID, R.ID)", "ID"), "L.K", "R.Y"]
        return f.alias("L").join(other(f).alias("R"), "L.ID = R.ID", how, select)

    return with_frames, lambda d: d[["ID", "K"]].merge(other(d), on="ID", how=how)[["ID", "K", "Y"]]


def index_joined(how):
    return (
        lambda f: f.select("ID", "K").set_index("ID").join(other(f).set_index("ID"), how=how),
        lambda d: d[["ID", "K"]].set_index("ID").join(other(d).set_index("ID"), how=how).reset_index(),
    )


def outer_by_hand(left, right):
    """Join on ``ID > ID2 + 1 and K = 0``; every row that has no partner stays."""
    pairs = left.merge(right, how="cross").query("ID > ID2 + 1 and K == 0")
    lonely = [left[~left.ID.isin(pairs.ID)], right[~right.ID2.isin(pairs.ID2)]]
    return pd.concat([part.astype("Float64") for part in (pairs, *lonely)])[["ID", "K", "ID2", "Y"]]


COMBINATIONS = {
    **{f"join {how}": joined(how) for how in ("inner", "left", "right", "outer")},
    **{f"join on indexes, {how}": index_joined(how) for how in ("inner", "left", "right", "outer")},
    "join outer on any condition": (
        lambda f: (
            f.select("ID", "K")
            .alias("L")
            .join(other(f).alias("R"), "L.ID > R.ID + 1 AND L.K = 0", "outer", ["L.ID", "K", ("R.ID", "ID2"), "Y"])
        ),
        lambda d: outer_by_hand(d[["ID", "K"]], other(d).rename(columns={"ID": "ID2"})),
    ),
    "join cross": (
        lambda f: f.select("ID").alias("L").join(f.select(("K", "K2")).alias("R"), how="cross"),
        lambda d: d[["ID"]].merge(d[["K"]].rename(columns={"K": "K2"}), how="cross"),
    ),
    "join with itself": (
        lambda f: f.alias("L").join(f.alias("R"), "L.K = R.K AND L.ID < R.ID", select=["L.ID", ("R.ID", "ID2")]),
        lambda d: d.merge(d, on="K").query("ID_x < ID_y")[["ID_x", "ID_y"]].set_axis(["ID", "ID2"], axis=1),
    ),
    "union": (
        lambda f: f.union([f.filter("K = 1"), f.filter("K = 2")]),
        lambda d: pd.concat([d, d[d.K == 1], d[d.K == 2]]),
    ),
    "union without duplicates": (
        lambda f: f.select("K", "OK").union(f.select("K", "OK"), all=False),
        lambda d: d[["K", "OK"]].drop_duplicates(),
    ),
    "intersect": (
        lambda f: f.select("K", "OK").set_operations(f.filter("ID > 2").select("K", "OK"), op="INTERSECT"),
        lambda d: d[["K", "OK"]].drop_duplicates().merge(d[d.ID > 2][["K", "OK"]].drop_duplicates()),
    ),
    "except": (
        lambda f: f.set_operations(f.filter("ID > 2"), op="except"),
        lambda d: d[d.ID <= 2],
    ),
}

AGGREGATES = {
    "MIN": "min",
    "MAX": "max",
    "SUM": "sum",
    "AVG": "mean",
    "MEDIAN": "median",
    "STDDEV": "std",
    "VAR": "var",
}

SHAPES = {
    "agg": (
        lambda f: f.agg([(sql, "X", sql) for sql in AGGREGATES] + [("count", "A", "N")], "K"),
        lambda d: (
            d.groupby("K")
            .agg(
                **{
                    sql: ("X", (lambda c: c.sum(min_count=1)) if sql == "SUM" else name)
                    for sql, name in AGGREGATES.items()
                },
                N=("A", "count"),
            )
            .reset_index()
        ),
    ),
    "agg of groups with NULL": (
        lambda f: f.agg([("sum", "K", "T")], ["OK", "A"]),
        lambda d: d.groupby(["OK", "A"], dropna=False).agg(T=("K", "sum")).reset_index(),
    ),
    "melt": (
        lambda f: melt(f, ["ID"], ["X", "K"], value_name="V"),
        lambda d: d.melt("ID", ["X", "K"], value_name="V"),
    ),
    "diff": (
        lambda f: f.select("ID", "K", "X", "S").diff("ID", 2),
        lambda d: d[["ID"]].assign(K=d.K.diff(2), X=d.X.diff(2)),
    ),
    "diff ahead, in seconds": (
        lambda f: f.select("ID", "AT").diff("ID", -1, "seconds"),
        lambda d: d[["ID"]].assign(AT=d.AT.diff(-1).dt.total_seconds()),
    ),
    "bin": (
        lambda f: f.dropna(subset="X").select("ID", "X").bin("X", bins=4),
        lambda d: d.dropna(subset="X")[["ID", "X"]].pipe(
            lambda s: s.assign(BIN_NUMBER=(pd.cut(s.X, 4, labels=False, right=False) + 1) if s.X.nunique() > 1 else 1)
        ),
    ),
    "bin of a width": (
        lambda f: f.dropna(subset="X").select("ID", "X").bin("X", "uniform_size", bin_width=0.5, bin_column="B"),
        lambda d: d.dropna(subset="X")[["ID", "X"]].pipe(lambda s: s.assign(B=(s.X // 0.5) - (s.X.min() // 0.5) + 1)),
    ),
    "a group's total": (
        lambda f: f.select("ID", "K", "X").generate_feature("X", "K", agg_func="sum"),
        lambda d: d[["ID", "K", "X"]].assign(
            **{"SUM(X)": d.groupby("K").X.transform(lambda c: c.sum(min_count=1)) if len(d) else []}
        ),
    ),
    "a shift": (
        lambda f: f.select("ID", "X").generate_feature(
            ["X", "X"], trans_func="LAG", order_by="ID", trans_param=[[1], [3]]
        ),
        lambda d: d[["ID", "X"]].assign(**{"LAG(X,1)": d.X.shift(1), "LAG(X,3)": d.X.shift(3)}),
    ),
    "a rolling mean": (
        lambda f: f.select("ID", "X").generate_feature("X", agg_func="AVG", order_by="ID", rolling_window=-2),
        lambda d: d[["ID", "X"]].assign(**{"AVG(X)P2": d.X.rolling(3, min_periods=1).mean()}),
    ),
    "a running maximum": (
        lambda f: f.select("ID", "K").generate_feature("K", agg_func="MAX", order_by="ID", rolling_window="-INF"),
        lambda d: d[["ID", "K"]].assign(**{"MAX(K)P": d.K.cummax()}),
    ),
    "a function": (
        lambda f: f.select("ID", "AT").generate_feature("AT", trans_func="month"),
        lambda d: d[["ID", "AT"]].assign(**{"MONTH(AT)": d.AT.dt.month}),
    ),
}


@pytest.mark.parametrize("name", [*ROWS_AND_COLUMNS, *CLEANING, *COMBINATIONS, *SHAPES])
def test_the_rows_are_those_of_pandas(store, name):
    ours, theirs = {**ROWS_AND_COLUMNS, **CLEANING, **COMBINATIONS, **SHAPES}[name]
    on_random_rows(store, lambda frame, data: assert_same(ours(frame), theirs(data)))


ORDERED = {
    "sort": (lambda f: f.sort(["X", "ID"]), lambda d: sorted_like_sql(d, ["X", "ID"])),
    "sort descending": (lambda f: f.sort(["A", "ID"], desc=True), lambda d: sorted_like_sql(d, ["A", "ID"], desc=True)),
    "sort text": (lambda f: f.sort_values(["S", "ID"]), lambda d: sorted_like_sql(d, ["S", "ID"])),
    "sort_index": (lambda f: f.set_index(["K", "ID"]).sort_index(), lambda d: sorted_like_sql(d, ["K", "ID"])),
    "head": (lambda f: f.sort("ID", desc=True).head(3), lambda d: d[::-1].head(3)),
    "head of head": (lambda f: f.sort("ID").head(2).head(5), lambda d: d.head(2)),
    "tail": (lambda f: f.tail(4, "ID"), lambda d: d.tail(4)),
    "the order outlives other calls": (
        lambda f: f.sort("ID", desc=True).filter("K > 0").select("ID", "K"),
        lambda d: d[d.K > 0][["ID", "K"]][::-1],
    ),
}


@pytest.mark.parametrize("name", ORDERED)
def test_the_order_is_that_of_pandas(store, name):
    ours, theirs = ORDERED[name]
    on_random_rows(store, lambda frame, data: assert_same(ours(frame), theirs(data), ordered=True))


def test_one_number_a_column_is_that_of_pandas(store):
    def check(frame, data):
        numbers, expected = frame.select("K", "A", "X"), data[["K", "A", "X"]].astype("float64")
        pairs = {
            "min": expected.min(),
            "max": expected.max(),
            "sum": expected.sum(min_count=1),
            "mean": expected.mean(),
            "median": expected.median(),
            "stddev": expected.std(),
        }
        for method, series in pairs.items():
            found = getattr(numbers, method)()
            assert {k: plain(v) for k, v in found.items()} == {k: plain(v) for k, v in series.items()}, method
            assert plain(getattr(frame.select("X"), method)()) == plain(series["X"])
        assert frame.count() == len(data)
        assert frame.empty() == data.empty
        assert frame.hasna() == bool(data.isna().any(axis=None))
        assert frame.hasna("K") is False
        constant = [name for name in data if data[name].nunique() <= 1]
        assert frame.has_constant_columns() == (constant or False)

    on_random_rows(store, check)


def test_columns_without_information_are_dropped(store):
    def check(frame, data):
        kept = [name for name in data if data[name].nunique() > 1]
        assert frame.drop_constant_columns().columns == kept

    on_random_rows(store, check, at_least=2)


def test_describe_is_that_of_pandas_and_numpy(store):
    def check(frame, data):
        found = frame.describe().collect().set_index("column")
        assert list(found.index) == ["ID", "K", "A", "X", "S", "OK", "AT"]
        for name in data:
            assert found["count"][name] == data[name].notna().sum()
            assert found["unique"][name] == data[name].nunique()
            assert found["nulls"][name] == data[name].isna().sum()
        for name in ("K", "A", "X"):
            values = data[name].dropna().astype("float64")
            expected = {"mean": values.mean(), "std": values.std(), "min": values.min(), "max": values.max()}
            expected["median"] = values.median()
            for share in (25, 50, 75):
                expected[f"{share}_percent_cont"] = values.quantile(share / 100)
                expected[f"{share}_percent_disc"] = (
                    np.quantile(values, share / 100, method="inverted_cdf") if len(values) else None
                )
            assert {key: plain(found[key][name]) for key in expected} == {k: plain(v) for k, v in expected.items()}
        assert found.loc[["S", "OK", "AT"], "mean":"max"].isna().all(axis=None)

    on_random_rows(store, check)


def test_the_summary_is_that_of_scipy(store):
    def check(frame, data):
        found = frame.summary(["K", "X"]).collect().set_index("VARIABLE_NAME")
        for name in ("K", "X"):
            values = data[name].dropna().astype("float64")
            varies = values.nunique() > 1
            assert found["VALID_OBSERVATIONS"][name] == len(values)
            assert plain(found["VARIANCE"][name]) == plain(values.var())
            assert plain(found["UPPER_QUARTILE"][name]) == plain(values.quantile(0.75))
            assert found["SKEWNESS"][name] == pytest.approx(scipy.stats.skew(values) if varies else np.nan, nan_ok=True)
            kurtosis = scipy.stats.kurtosis(values, fisher=False) if varies else np.nan
            assert found["KURTOSIS"][name] == pytest.approx(kurtosis, nan_ok=True)

    on_random_rows(store, check)


def test_a_correlation_is_that_of_pandas(store):
    def check(frame, data):
        pairs = data[["A", "X"]].dropna().astype("float64")
        defined = pairs.A.nunique() > 1 and pairs.X.nunique() > 1
        expected = pairs.A.corr(pairs.X) if defined else np.nan
        found = frame.corr("A", "X").collect()
        assert list(found.columns) == ["CORR_COEFF"]
        assert plain(found["CORR_COEFF"][0]) == pytest.approx(plain(expected), abs=1e-9)

    on_random_rows(store, check)


def test_counted_values_are_those_of_pandas(store):
    def check(frame, data):
        found = frame.value_counts(["K", "S"]).collect()
        expected = {"K": data.K.astype(str).value_counts(), "S": data.S.value_counts()}
        for name, counts in expected.items():
            ours = found.dropna(subset=f"NUM_{name}")
            assert dict(zip(ours["VALUES"], ours[f"NUM_{name}"], strict=True)) == counts.to_dict()

    on_random_rows(store, check)


def test_a_pivot_is_that_of_pandas(store):
    def check(frame, data):
        expected = data.dropna(subset="X").pivot_table("X", "A", "K", "mean", dropna=False).reset_index()
        found = frame.dropna(subset=["X", "A"]).pivot_table("X", "A", "K").collect()
        expected = expected.dropna(subset="A").rename(columns=str)
        assert rows_of(found[sorted(found)]) == rows_of(expected[sorted(found)])

    on_random_rows(store, check, at_least=4)
