"""An experiment as one file: nothing is lost on the way, and what was altered is refused."""

from __future__ import annotations

import hmac
import json
import zipfile
from dataclasses import replace

import pytest

from hanalife import ConnectionContext, DataSets, MLExperiments, UnifiedClassification, compare_runs, search_runs
from hanalife.database import run_values, runs
from hanalife.errors import BundleError, InvalidArgumentError, RunNotFoundError
from hanalife.observation import CallProgress, FoldScore
from hanalife.tracking import snapshots
from hanalife.tracking.bundle import _write, export_experiment, import_experiment
from tests.tracking.reporting import FULL, Model

NEWER = b'{"format": "hanalife-experiment", "format_version": 9, "sha256": "", "files": {}}'
HOSTILE = ["<script>alert(1)</script>", "../../etc/passwd", "'; DROP TABLE hl_run; --", "日本 \U0001f600"]


@pytest.fixture
def filled(conn):
    """Give a store with runs of every kind."""
    data = DataSets.load_diabetes_data(conn)[0]
    tracker = MLExperiments(conn, HOSTILE[0], "about <b>it</b>")
    for trees in (2, 3):
        model = UnifiedClassification(func="HybridGradientBoostingTree", n_estimators=trees)
        tracker.autologging(model, run_name="fit", snapshot=True)
        model.fit(data, key="ID", label="CLASS")
    tracker.add_tag_for_current_run("tag", HOSTILE[2], 0)
    with conn.experiment(HOSTILE[0]).run(HOSTILE[1]) as run:
        run.log_params({"nan": float("nan"), "none": None, "big": 2**70, "list": [1, {"a": "é"}], HOSTILE[2]: True})
        for step, value in enumerate([0.5, float("nan"), float("inf"), 0.1]):
            run.log_metric("loss", value, step=step)
        run.log_metric("folds", 0.25)
        run.log_artifact(bytes(range(256)) * 40, name=HOSTILE[1])
        run.set_tag("owner", HOSTILE[3])
    with pytest.raises(ZeroDivisionError), conn.experiment(HOSTILE[0]).run("failed"):
        1 / 0  # noqa: B018
    return conn


def test_there_and_back_is_the_same_file(filled, tmp_path, sqlite_url, postgres_url):
    first = export_experiment(filled, HOSTILE[0], tmp_path / "first.zip")
    source = filled.database.url.render_as_string(hide_password=False)
    others = [url for url in (sqlite_url, postgres_url) if url != source]
    for number, url in enumerate(others):
        with ConnectionContext(url) as other:
            done = import_experiment(other, first)
            assert (done.experiment_id, len(done.runs), done.known) == (HOSTILE[0], 4, ())
            again = export_experiment(other, HOSTILE[0], tmp_path / f"{number}.zip")
            assert again.read_bytes() == first.read_bytes()
            for run_id in done.runs:
                assert search_runs(other, f"run_id = '{run_id}'", all_attempts=True).count() == 1
            content_hash = search_runs(other, columns="dataset_hash").collect()["dataset_hash"].dropna().iloc[0]
            assert snapshots.read(other, content_hash).count() == 768
            tables = [search_runs(each, columns="*", all_attempts=True).collect() for each in (filled, other)]
            assert tables[0].equals(tables[1])


def test_runs_that_are_there_stay(filled, tmp_path):
    file = export_experiment(filled, HOSTILE[0], tmp_path / "a.zip")
    done = import_experiment(filled, file)
    assert (len(done.runs), len(done.known)) == (0, 4)


def test_another_name_and_a_conflict(filled, tmp_path, sqlite_url, postgres_url):
    file = export_experiment(filled, HOSTILE[0], tmp_path / "a.zip")
    is_sqlite = filled.database.url.get_backend_name() == "sqlite"
    with ConnectionContext(postgres_url if is_sqlite else sqlite_url) as other:
        with other.experiment(HOSTILE[0]).run(HOSTILE[1]):
            pass
        with pytest.raises(BundleError, match="experiment_id="):
            import_experiment(other, file)
        assert search_runs(other).count() == 1, "nothing of it was imported"
        assert import_experiment(other, file, "copy").experiment_id == "copy"
        assert search_runs(other, experiment_ids="copy", all_attempts=True).count() == 4


def altered(file, change, target):
    """Write a copy of a bundle with its members changed."""
    with zipfile.ZipFile(file) as source, zipfile.ZipFile(target, "w") as copy:
        members = {name: source.read(name) for name in source.namelist()}
        for name, data in change(members).items():
            copy.writestr(name, data)
    return target


def a_run(members):
    return next(name for name in members if name.startswith("runs/"))


def with_value(members):
    name = a_run(members)
    return members | {name: members[name].replace(b"FINISHED", b"FAILED__")}


def with_manifest(members):
    head = json.loads(members["manifest.json"])
    head["files"].pop(a_run(members))
    return members | {"manifest.json": json.dumps(head).encode()}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (with_value, "is not what was exported"),
        (with_manifest, "list of files"),
        (lambda members: members | {"extra.json": b"{}"}, "list of files"),
        (lambda members: {name: data for name, data in members.items() if name != a_run(members)}, "list of files"),
        (lambda members: {"manifest.json": b"{"}, "was altered, or is damaged"),
        (lambda members: {"manifest.json": b"[]"}, "was altered, or is damaged"),
        (lambda members: {"other": b""}, "was altered, or is damaged"),
        (lambda members: {"manifest.json": NEWER}, "upgrade"),
    ],
)
def test_an_altered_bundle_is_refused(sqlite_conn, tmp_path, change, words):
    with sqlite_conn.experiment("first").run("one"):
        pass
    file = export_experiment(sqlite_conn, "first", tmp_path / "a.zip")
    bad = altered(file, change, tmp_path / "b.zip")
    with ConnectionContext("sqlite://") as other:
        with pytest.raises(BundleError, match=words):
            import_experiment(other, bad)
        assert search_runs(other).count() == 0


def test_every_flipped_byte_is_noticed_or_harmless(sqlite_conn, tmp_path):
    with sqlite_conn.experiment("first").run("one") as run:
        run.log_metric("loss", 0.5)
    data = export_experiment(sqlite_conn, "first", tmp_path / "a.zip").read_bytes()
    wanted = search_runs(sqlite_conn, columns="*").collect()
    for place in range(0, len(data), 97):
        bad = tmp_path / "b.zip"
        bad.write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
        with ConnectionContext("sqlite://") as other:
            try:
                import_experiment(other, bad)
            except BundleError:
                continue
            assert search_runs(other, columns="*").collect().equals(wanted)


def test_a_signed_bundle_says_who_wrote_it(sqlite_conn, tmp_path, monkeypatch):
    with sqlite_conn.experiment("first").run("one") as run:
        run.log_metric("loss", 0.5)
    signed = export_experiment(sqlite_conn, "first", tmp_path / "signed.zip", key="secret")
    plain = export_experiment(sqlite_conn, "first", tmp_path / "plain.zip")
    data = signed.read_bytes()
    expected = hmac.new(b"secret", data[:-64], "sha256").hexdigest()
    assert data[-64:].decode() == expected
    assert b"secret" not in data
    for file, key in ((signed, "another"), (plain, "secret")):
        with ConnectionContext("sqlite://") as other, pytest.raises(BundleError, match="not signed with your key"):
            import_experiment(other, file, key=key)
    for key in ("secret", b"secret", None):  # without a key its hashes are checked, as of any other
        with ConnectionContext("sqlite://") as other:
            assert len(import_experiment(other, signed, key=key).runs) == 1
    monkeypatch.setenv("HANALIFE_SIGNING_KEY", "secret")
    assert export_experiment(sqlite_conn, "first", tmp_path / "again.zip").read_bytes() == data
    with ConnectionContext("sqlite://") as other, pytest.raises(BundleError, match="not signed"):
        import_experiment(other, plain)
    with pytest.raises(InvalidArgumentError, match="key: it is empty"):
        export_experiment(sqlite_conn, "first", tmp_path / "c.zip", key="")


def test_no_byte_of_a_signed_bundle_may_change(sqlite_conn, tmp_path):
    with sqlite_conn.experiment("first").run("one"):
        pass
    data = export_experiment(sqlite_conn, "first", tmp_path / "a.zip", key="secret").read_bytes()
    bad = tmp_path / "b.zip"
    with ConnectionContext("sqlite://") as other:
        for place in (*range(0, len(data), 11), len(data) - 1):
            bad.write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
            with pytest.raises(BundleError, match="not signed with your key"):
                import_experiment(other, bad, key="secret")
        for changed in (data[:-1], data + b"0", data[:10], b""):
            bad.write_bytes(changed)
            with pytest.raises(BundleError, match="not signed with your key"):
                import_experiment(other, bad, key="secret")
        assert search_runs(other).count() == 0


def test_bad_files(sqlite_conn, tmp_path):
    with pytest.raises(RunNotFoundError, match="'nothing' is not recorded"):
        export_experiment(sqlite_conn, "nothing", tmp_path / "a.zip")
    with sqlite_conn.experiment("first").run("one"):
        pass
    with pytest.raises(InvalidArgumentError, match="cannot write"):
        export_experiment(sqlite_conn, "first", tmp_path / "no" / "a.zip")
    with pytest.raises(BundleError, match="cannot read"):
        import_experiment(sqlite_conn, tmp_path / "missing.zip")
    (tmp_path / "text.zip").write_text("no zip")
    with pytest.raises(BundleError, match="cannot read"):
        import_experiment(sqlite_conn, tmp_path / "text.zip")
    assert list(tmp_path.glob("*.part")) == []


def test_a_comparison_shows_no_markup_of_the_store(filled):
    name = f"{HOSTILE[0]}/{HOSTILE[1]}"
    with filled.database.read() as connection:
        fit = runs.newest(connection, HOSTILE[0], "fit")
        other = runs.newest(connection, HOSTILE[0], HOSTILE[1])
    found = compare_runs(filled, fit.run_id, other.run_id)
    assert found.right == name
    assert "<script" not in found._repr_html_()
    assert "&lt;script&gt;" in found._repr_html_()
    json.dumps(found.to_json(), allow_nan=False)


def search(model):
    """Report a search whose last candidate is not its best."""
    scores = [FoldScore(candidate, {}, "auc", 1, value) for candidate, value in ((1, 0.6), (2, 0.8), (3, 0.7))]
    model.observer.call_progressed(CallProgress(3, 3, "", tuple(scores)))


@pytest.fixture
def sourced(sqlite_conn):
    """Give a store with a run of metrics of several sources, and what it holds of them."""
    tracker, model = MLExperiments(sqlite_conn, "e", primary_metric="AUC@test"), Model()
    tracker.autologging(model, run_name="r")
    model.fit(replace(FULL, metrics={**FULL.metrics, "PARTITION": "validation"}), during=lambda: search(model))
    model.score()
    return sqlite_conn


def measured(conn):
    with conn.database.read() as connection:
        (experiment,), (run,) = runs.experiments(connection), runs.runs(connection)
        return experiment.primary_metric, run_values.metrics(connection, [run.run_id])[run.run_id]


def test_sources_and_values_of_series_come_along(sourced, tmp_path):
    file = export_experiment(sourced, "e", tmp_path / "e.zip")
    with ConnectionContext("sqlite://") as other:
        import_experiment(other, file)
        assert measured(other) == measured(sourced)
        assert measured(other)[1]["SEARCH_AUC", "cv"] == 0.8
        assert export_experiment(other, "e", tmp_path / "again.zip").read_bytes() == file.read_bytes()


def test_a_bundle_without_sources_is_interpreted(sourced, tmp_path, monkeypatch):
    def as_first_format(members):
        name = a_run(members)
        run, experiment = json.loads(members[name]), json.loads(members["experiment.json"])
        run["points"] = [point[:-1] for point in run["points"]]
        del run["summaries"], experiment["primary_metric"]
        return members | {name: json.dumps(run).encode(), "experiment.json": json.dumps(experiment).encode()}

    with zipfile.ZipFile(export_experiment(sourced, "e", tmp_path / "e.zip")) as bundle:
        members = {name: bundle.read(name) for name in bundle.namelist() if name != "manifest.json"}
    monkeypatch.setattr("hanalife.tracking.bundle.FORMAT_VERSION", 1)
    _write(tmp_path / "first.zip", iter(as_first_format(members).items()), is_signed=False)
    monkeypatch.undo()
    with ConnectionContext("sqlite://") as other:
        import_experiment(other, tmp_path / "first.zip")
        assert measured(other)[1].keys() == measured(sourced)[1].keys()
