"""What an unfinished search has found is not lost: not to an interrupt, an error, a kill or a cancel."""

from __future__ import annotations

import subprocess
import sys

import pytest
import sqlalchemy as sa

from hanalife import ConnectionContext, DataSets, cancel_search, errors, search_progress, search_scores
from hanalife.database import tables
from hanalife.learning import memory
from hanalife.learning.engines.boosting import Boosting
from tests.learning import grouped_process as grouped
from tests.learning.models import ON_EVERY_DATABASE, searching_model
from tests.learning.searching_process import CHANGES, FIT, HALF, SEARCH
from tests.learning.test_massive import SHOPS, shops

TOTAL = 8 * 4
SEEDED = {**CHANGES, "random_state": 7, "progress_indicator_id": None}
SAME = {**FIT, "partition_random_state": 5}


class Listener:
    """An observer that does something when so many candidate folds are done."""

    def __init__(self, at=None, do=None):
        self.at, self.do, self.done = at, do, []

    def call_started(self, start):
        return "run"

    def call_progressed(self, progress):
        if not progress.points:
            self.done.append(progress.done)
            if progress.done == self.at:
                self.do()

    def call_finished(self, outcome):
        pass

    def call_failed(self, error):
        pass


@pytest.fixture
def trained(monkeypatch):
    """Count the candidate folds that are trained."""
    counts = []
    plain = Boosting.fold_outputs

    def counting(self, rows, test, candidates, n_threads=1):
        counts.append(len(candidates))
        return plain(self, rows, test, candidates, n_threads)

    monkeypatch.setattr(Boosting, "fold_outputs", counting)
    return lambda: sum(counts)


@pytest.fixture(autouse=True)
def write_at_once(monkeypatch):
    monkeypatch.setattr(memory, "SECONDS_BETWEEN_WRITES", 0)


def outcome(model):
    """Return all that a search decides, to the last bit."""
    frames = (model.search_results_, model.statistics_, model.optimal_param_)
    return [frame.collect().to_csv() for frame in frames], bytes(model.to_state().estimator.save_raw("ubj"))


def interrupted(model, data, error, **fit):
    def stop():
        raise error

    model.observer = Listener(HALF, stop)
    with pytest.raises(type(error)):
        model.fit(data, **fit)
    model.observer = Listener()
    return model


@pytest.mark.parametrize("error", [KeyboardInterrupt(), OSError("disk full")], ids=["interrupt", "failure"])
def test_the_next_fit_goes_on(sqlite_conn, trained, error):
    data = DataSets.load_diabetes_data(sqlite_conn)[0]
    whole = outcome(searching_model(**SEEDED).fit(data, **SAME))
    before = trained()
    model = interrupted(searching_model(**SEEDED), data, error, **SAME)
    assert not model.is_fitted()
    begun = trained()
    assert outcome(model.fit(data, **SAME)) == whole
    assert trained() - begun <= TOTAL - HALF
    assert model.observer.done == list(range(TOTAL + 1)), "all scores are told, the known ones too"

    begun = trained()
    model.fit(data, **SAME)
    assert trained() - begun == before == TOTAL, "what ended well begins anew"


def test_a_fit_without_seeds_goes_on_with_those_it_drew(sqlite_conn, trained):
    data = DataSets.load_diabetes_data(sqlite_conn)[0]
    model = interrupted(searching_model(**{**SEEDED, "random_state": 0}), data, KeyboardInterrupt(), **FIT)
    begun = trained()
    model.fit(data, **FIT)
    assert trained() - begun <= TOTAL - HALF
    drawn = model.to_state().facts["parameters"]["random_state"]
    model.fit(data, **FIT)
    assert model.to_state().facts["parameters"]["random_state"] != drawn


def test_other_rows_or_parameters_go_on_with_nothing(sqlite_conn, trained):
    data = DataSets.load_diabetes_data(sqlite_conn)[0]
    model = interrupted(searching_model(**SEEDED), data, KeyboardInterrupt(), **SAME)
    begun = trained()
    model.fit(data.filter("ID < 700"), **SAME)
    assert trained() - begun == TOTAL
    model = interrupted(searching_model(**SEEDED), data, KeyboardInterrupt(), **SAME)
    model.update_cv_params("random_state", 8, int)
    begun = trained()
    model.fit(data, **SAME)
    assert trained() - begun == TOTAL


def test_a_larger_grid_goes_on_from_the_smaller(sqlite_conn, trained):
    data = DataSets.load_diabetes_data(sqlite_conn)[0]
    model = interrupted(searching_model(**SEEDED), data, KeyboardInterrupt(), **SAME)
    larger = {**CHANGES["param_values"], "n_estimators": [3, 6, 9]}
    model.update_cv_params("param_values", larger, dict)
    begun = trained()
    assert outcome(model.fit(data, **SAME)) == outcome(
        searching_model(**{**SEEDED, "param_values": larger}).fit(data, **SAME)
    )
    assert trained() - begun <= 2 * 12 * 4 - HALF


def kill_in_the_middle(url, module="searching_process"):
    """Search in another process up to the half, and kill it there."""
    command = [sys.executable, "-m", f"tests.learning.{module}", url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout.readline() == "half\n"
        child.kill()
        child.wait()


def test_another_process_goes_on_where_one_was_killed(url, trained):
    with ConnectionContext(url) as conn:
        data = DataSets.load_diabetes_data(conn)[0].save("DIABETES")
        kill_in_the_middle(conn.database.url.render_as_string(hide_password=False))
        left = search_progress(conn, SEARCH)
        assert (left.status, left.total) == ("RUNNING", TOTAL)
        assert HALF - 1 <= left.done <= len(search_scores(conn, SEARCH)) <= TOTAL

        model = searching_model(**CHANGES).fit(data, **FIT)
        assert trained() <= TOTAL - left.done
        seeds = search_progress(conn, SEARCH).seeds
        assert seeds == left.seeds
        facts = model.to_state().facts["parameters"]
        assert facts["random_state"] == seeds[1]
        plain = searching_model(**{**CHANGES, "random_state": seeds[1], "progress_indicator_id": None})
        assert outcome(plain.fit(data, **FIT, partition_random_state=seeds[0])) == outcome(model)

        ended = search_progress(conn, SEARCH)
        assert (ended.status, ended.done, ended.total) == ("FINISHED", TOTAL, TOTAL)
        scores = search_scores(conn, SEARCH)
        tried = model.search_results_.collect()
        found = {(one.candidate, one.fold, name.upper()): score for one in scores for name, score in one.scores.items()}
        assert len(scores) == TOTAL
        assert found == {(row.CANDIDATE, row.FOLD, row.METRIC): row.SCORE for row in tried.itertuples()}

        begun = trained()
        searching_model(**CHANGES).fit(data, **FIT)
        assert trained() - begun == TOTAL, "what ended well begins anew"
        assert search_progress(conn, SEARCH).seeds != seeds


@ON_EVERY_DATABASE
def test_another_process_cancels(conn, trained):
    data = DataSets.load_diabetes_data(conn)[0]
    address = conn.database.url.render_as_string(hide_password=False)

    def cancel():
        code = (
            "import sys; from hanalife import ConnectionContext, cancel_search\n"
            f"with ConnectionContext(sys.argv[1]) as conn: assert cancel_search(conn, {SEARCH!r})"
        )
        subprocess.run([sys.executable, "-c", code, address], check=True)

    model = searching_model(**CHANGES)
    model.observer = Listener(HALF, cancel)
    with pytest.raises(errors.SearchCancelledError, match=rf"'nightly' was cancelled after {HALF} of {TOTAL}"):
        model.fit(data, **FIT)
    assert not model.is_fitted()
    assert search_progress(conn, SEARCH).status == "CANCELLED"
    assert not cancel_search(conn, SEARCH), "it does not run any more"

    begun = trained()
    model.observer = None
    model.fit(data, **FIT)
    assert trained() - begun <= TOTAL - HALF
    assert search_progress(conn, SEARCH).status == "FINISHED"


def test_who_begins_last_goes_on_alone(sqlite_conn, trained):
    data = DataSets.load_diabetes_data(sqlite_conn)[0]
    first, second = searching_model(**CHANGES), searching_model(**CHANGES)
    first.observer = Listener(HALF, lambda: second.fit(data, **FIT))
    with pytest.raises(errors.SearchCancelledError, match="another fit goes on with the search 'nightly'"):
        first.fit(data, **FIT)
    assert second.is_fitted()
    found = search_progress(sqlite_conn, SEARCH)
    assert (found.status, found.done) == ("FINISHED", TOTAL)


@pytest.mark.parametrize(
    ("error", "status"), [(KeyboardInterrupt(), "INTERRUPTED"), (OSError("disk full"), "FAILED")], ids=str
)
def test_the_store_says_how_a_search_ended(sqlite_conn, error, status):
    data = DataSets.load_diabetes_data(sqlite_conn)[0]
    interrupted(searching_model(**CHANGES), data, error, **FIT)
    found = search_progress(sqlite_conn, SEARCH)
    assert (found.status, found.done) == (status, HALF - 1)
    assert type(error).__name__ in found.message


def test_other_rows_under_the_same_id_replace_the_scores(sqlite_conn, trained):
    data = DataSets.load_diabetes_data(sqlite_conn)[0]
    interrupted(searching_model(**CHANGES), data, KeyboardInterrupt(), **FIT)
    begun = trained()
    searching_model(**CHANGES).fit(data.filter("ID < 700"), **FIT)
    assert trained() - begun == TOTAL
    assert len(search_scores(sqlite_conn, SEARCH)) == TOTAL


def test_a_race_goes_on_too(sqlite_conn, trained):
    data = DataSets.load_diabetes_data(sqlite_conn)[0]
    racing = {
        **CHANGES,
        "resampling_method": "cv_sha",
        "random_state": 3,
        "reduction_rate": 2.0,
        "min_resource_rate": 0.125,
    }
    whole = outcome(searching_model(**{**racing, "progress_indicator_id": None}).fit(data, **SAME))
    begun = trained()
    model = interrupted(searching_model(**racing), data, KeyboardInterrupt(), **SAME)
    kept, stopped = len(search_scores(sqlite_conn, SEARCH)), trained()
    assert HALF <= kept < begun
    assert outcome(searching_model(**racing).fit(data, **SAME)) == whole
    assert trained() - stopped == begun - kept, "what is kept is not trained again, and all else is"
    assert {one.rung for one in search_scores(sqlite_conn, SEARCH)} == {1, 2, 3, 4}
    assert not model.is_fitted()


@ON_EVERY_DATABASE
def test_an_unknown_search_is_named_with_the_known_ones(conn):
    data = DataSets.load_diabetes_data(conn)[0]
    for call in (cancel_search, search_progress, search_scores):
        with pytest.raises(errors.SearchNotFoundError, match="no search 'weekly' is kept; the newest are: none"):
            call(conn, "weekly")
    searching_model(**{**CHANGES, "fold_num": 2}).fit(data, **FIT)
    with pytest.raises(errors.SearchNotFoundError, match="the newest are: nightly"):
        cancel_search(conn, "weekly")


def test_without_an_id_the_store_keeps_nothing(sqlite_conn):
    data = DataSets.load_diabetes_data(sqlite_conn)[0]
    interrupted(searching_model(**SEEDED), data, KeyboardInterrupt(), **SAME)
    with sqlite_conn.database.read() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(tables.search)).scalar() == 0


# --- one search a group -------------------------------------------------------------------------


def decided(model):
    """Return all that the searches of groups decide."""
    return [frame.collect().to_csv() for frame in (model.search_results_, model.statistics_, model.optimal_param_)]


def statuses(conn):
    """Return how far the whole and each group have come; None: not begun."""
    found = {}
    for name in ("shops", *(f"shops/{shop}" for shop in SHOPS)):
        try:
            one = search_progress(conn, name)
        except errors.SearchNotFoundError:
            found[name] = None
        else:
            found[name] = (one.status, one.done, one.total)
    return found


def check_that_groups_go_on(conn, data, trained, whole_status):
    """Go on with groups of which the first is done and the second begun; check that nothing is trained twice."""
    before = statuses(conn)
    assert before["shops"] == (whole_status, 1, grouped.GROUPS)
    first, second, third = (before[f"shops/{shop}"] for shop in SHOPS)
    assert first == ("FINISHED", grouped.ONE_GROUP, grouped.ONE_GROUP)
    assert second[0] == whole_status
    assert 0 < second[1] < grouped.ONE_GROUP
    assert third is None, "not begun"
    begun, seeds = trained(), search_progress(conn, "shops").seeds

    model = searching_model(**grouped.CHANGES).fit(data, **grouped.FIT)
    assert trained() - begun <= grouped.GROUPS * grouped.ONE_GROUP - first[1] - second[1]
    assert statuses(conn) == {
        "shops": ("FINISHED", grouped.GROUPS, grouped.GROUPS),
        **{f"shops/{shop}": ("FINISHED", grouped.ONE_GROUP, grouped.ONE_GROUP) for shop in SHOPS},
    }
    assert search_progress(conn, "shops").seeds == seeds
    plain = searching_model(**{**grouped.CHANGES, "random_state": seeds[1], "progress_indicator_id": None})
    assert decided(plain.fit(data, **grouped.FIT, partition_random_state=seeds[0])) == decided(model)

    begun = trained()
    searching_model(**grouped.CHANGES).fit(data, **grouped.FIT)
    assert trained() - begun == grouped.GROUPS * grouped.ONE_GROUP, "what ended well begins anew"
    assert search_progress(conn, "shops").seeds != seeds


def test_groups_go_on_where_another_process_was_killed(conn, trained):
    data = shops(conn).save("SHOPS")
    kill_in_the_middle(conn.database.url.render_as_string(hide_password=False), "grouped_process")
    check_that_groups_go_on(conn, data, trained, "RUNNING")


@pytest.fixture
def at_training(monkeypatch):
    """Do something in the middle of the second group, in the thread of its search."""
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    monkeypatch.setattr(Boosting, "fold_outputs", Boosting.fold_outputs)
    return lambda do: grouped.at_training(grouped.TRAINED, do)


def test_groups_go_on_after_a_cancel(conn, trained, at_training):
    data = shops(conn)
    with ConnectionContext(conn.database.url.render_as_string(hide_password=False)) as other:

        def cancel():
            grouped.wait_for_the_second_group(other)
            assert cancel_search(other, "shops")

        at_training(cancel)
        model = searching_model(**grouped.CHANGES)
        with pytest.raises(errors.SearchCancelledError, match=r"'shops' was cancelled after 1 of 3 groups"):
            model.fit(data, **grouped.FIT)
    assert not model.is_fitted()
    check_that_groups_go_on(conn, data, trained, "CANCELLED")


def test_one_group_may_be_cancelled_alone(sqlite_conn, at_training):
    data = shops(sqlite_conn)
    at_training(lambda: cancel_search(sqlite_conn, f"shops/{SHOPS[1]}"))
    model = searching_model(**grouped.CHANGES).fit(data, **grouped.FIT)
    (error,) = model.error_msg_.collect().to_dict("records")
    assert (error["GROUP_ID"], error["ERRORCODE"]) == (SHOPS[1], "SearchCancelledError")
    assert set(model.statistics_.collect()["GROUP_ID"]) == {SHOPS[0], SHOPS[2]}


@pytest.mark.parametrize("indicator", ["shops", None])
def test_groups_go_on_after_an_interrupt(sqlite_conn, trained, monkeypatch, indicator):
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    data = shops(sqlite_conn)

    def stop():
        raise KeyboardInterrupt

    model = searching_model(**{**grouped.CHANGES, "progress_indicator_id": indicator})
    model.observer = Listener(1, stop)
    with pytest.raises(KeyboardInterrupt):
        model.fit(data, **grouped.FIT)
    begun = trained()
    assert begun < grouped.GROUPS * grouped.ONE_GROUP, "no further group was begun"
    model.observer = None
    model.fit(data, **grouped.FIT)
    under_way = grouped.ONE_GROUP // grouped.CHANGES["fold_num"]  # a thread trains the candidates of one fold
    trained_once = grouped.GROUPS * grouped.ONE_GROUP
    assert trained() <= trained_once + under_way, "but for what was under way, nothing is trained twice"
