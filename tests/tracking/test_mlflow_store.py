"""Runs from a store of MLflow 3 and back; writing needs MLflow, reading does not."""

from __future__ import annotations

import contextlib
import math
import re
import shutil
import sqlite3
import sys
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from hanalife import ConnectionContext, MLExperiments, UnifiedClassification, search_runs
from hanalife.database import blobs, run_artifacts, run_values, runs
from hanalife.errors import InvalidArgumentError, NotSupportedError, UnreachableDatabaseError
from hanalife.records import RunStatus
from hanalife.tracking import mlflow_files
from hanalife.tracking.mlflow_client import enable_mlflow_autologging, export_mlflow
from hanalife.tracking.mlflow_store import import_mlflow

STORE = (Path(__file__).parent / "mlflow_3.sql").read_text(encoding="utf-8")


@pytest.fixture
def mlflow_url(tmp_path):
    """Give the URL of a store that MLflow's own client filled."""
    file = tmp_path / "mlflow.db"
    with contextlib.closing(sqlite3.connect(file)) as connection:
        connection.executescript(STORE)
    return f"sqlite:///{file}"


def test_runs_of_mlflow(conn, mlflow_url):
    done = import_mlflow(conn, mlflow_url, "churn é")
    assert (done.experiments, done.runs, done.known) == (("churn é",), 4, 0)
    with conn.database.read() as connection:
        found = {run.name: run for run in runs.runs(connection)}
        first = next(run for name, run in found.items() if name == "first")
        points = run_values.points(connection, first.run_id, "loss")
        params = run_values.params(connection, [first.run_id])[first.run_id]
    assert {name.partition(" (")[0] for name in found} == {"first", "child", "broken"}
    assert len(found) == 4
    assert found["broken"].status is RunStatus.FAILED
    assert found["child"].parent_run_id == first.run_id
    assert (first.owner, first.notes) == ("ann", "a note")
    assert params == {"depth": "5", "rate": "0.10", "solver": "lbfgs"}
    assert [point.step for point in points] == [0, 1, 2, 3]
    assert [point.value for point in points[:2]] == [0.5, 0.25]
    assert math.isnan(points[2].value)
    assert points[3].value == math.inf
    assert first.created_at < points[0].time < first.ended_at < datetime(2030, 1, 1, tzinfo=UTC)


def test_texts_of_mlflow_are_found_as_numbers(conn, mlflow_url):
    import_mlflow(conn, mlflow_url)
    assert search_runs(conn, "params.rate = 0.1 and params.depth > 4 and tags.owner = 'ann'").count() == 1
    assert search_runs(conn, "params.depth between 5 and 6").count() == 2


def test_a_second_import_adds_nothing(conn, mlflow_url):
    import_mlflow(conn, mlflow_url)
    done = import_mlflow(conn, mlflow_url)
    assert (done.runs, done.known) == (0, 4)


HOSTILE = ("../../escape", "/etc/passwd", "a\\b", "con", "x/../y", "<script>", "'; DROP TABLE hl_run; --", "é/日本.txt")


@pytest.fixture
def with_files(mlflow_url, tmp_path):
    """Give the folder of MLflow's artifacts, with files of one run, and a link that leads out of it."""
    root = tmp_path / "artifacts"
    with contextlib.closing(sqlite3.connect(tmp_path / "mlflow.db")) as store:
        store.execute("UPDATE runs SET artifact_uri = replace(artifact_uri, '/data/ann/artifacts', ?)", (str(root),))
        (uri,) = store.execute("SELECT artifact_uri FROM runs WHERE status = 'FAILED'").fetchone()
        store.commit()
    folder = Path(uri) / "plots"
    folder.mkdir(parents=True)
    (folder / "roc.png").write_bytes(b"\x89PNG")
    (folder.parent / "notes.txt").write_bytes(b"why it broke")
    (tmp_path / "secret").write_text("secret")
    (folder / "link").symlink_to(tmp_path / "secret")
    (folder.parent / "folder").symlink_to(tmp_path, target_is_directory=True)
    return root


def files_of(conn, name):
    with conn.database.read() as connection:
        run = next(run for run in runs.runs(connection) if run.name == name)
        kept = run_artifacts.of_run(connection, run.run_id)
        return {each.name: (blobs.get(connection, each.sha256), each.media_type) for each in kept}


def test_files_of_mlflow(conn, mlflow_url, with_files):
    assert import_mlflow(conn, mlflow_url, artifacts=with_files).runs == 4
    assert files_of(conn, "broken") == {
        "notes.txt": (b"why it broke", "text/plain"),
        "plots/roc.png": (b"\x89PNG", "image/png"),
    }
    assert files_of(conn, "child") == {}


def test_files_elsewhere_or_too_many_are_refused_and_nothing_is_imported(sqlite_conn, mlflow_url, with_files, tmp_path):
    with pytest.raises(InvalidArgumentError, match="no folder below"):
        import_mlflow(sqlite_conn, mlflow_url, artifacts=with_files / "other")
    with pytest.raises(InvalidArgumentError, match="more than 15 bytes"):
        import_mlflow(sqlite_conn, mlflow_url, artifacts=with_files, most_bytes=15)
    for uri in ("s3://bucket/run", "file://host/run", f"{with_files}/../secret"):
        with contextlib.closing(sqlite3.connect(tmp_path / "mlflow.db")) as store:
            store.execute("UPDATE runs SET artifact_uri = ?", (uri,))
            store.commit()
        with pytest.raises(InvalidArgumentError, match="no folder below"):
            import_mlflow(sqlite_conn, mlflow_url, artifacts=with_files)
    assert search_runs(sqlite_conn).count() == 0


class Client:
    """Stands in for MLflow's client: keeps files as its local store does."""

    def __init__(self, folder):
        self.folder = folder
        self.tags = {}

    def get_experiment_by_name(self, _name):
        return SimpleNamespace(experiment_id="1")

    def create_run(self, *_, **__):
        return SimpleNamespace(info=SimpleNamespace(run_id="r"))

    def log_batch(self, _run_id, params=(), metrics=(), tags=()):
        self.tags |= dict(tags)

    def set_terminated(self, *_):
        pass

    def log_artifact(self, run_id, local_path, artifact_path=None):
        target = self.folder / run_id / (artifact_path or "")
        target.mkdir(parents=True, exist_ok=True)
        shutil.copy(local_path, target)


@pytest.fixture
def client(monkeypatch, tmp_path):
    made = Client(tmp_path / "out" / "runs")
    pair = lambda *values: values  # noqa: E731
    entities = SimpleNamespace(Metric=pair, Param=pair, RunTag=pair)
    monkeypatch.setitem(sys.modules, "mlflow", SimpleNamespace(MlflowClient=lambda _: made, entities=entities))
    monkeypatch.setitem(sys.modules, "mlflow.entities", entities)
    return made


def test_files_to_mlflow_stay_in_their_folder_and_come_back_by_their_names(sqlite_conn, client, tmp_path):
    with sqlite_conn.experiment("e").run("r") as run:
        for name in (*HOSTILE, "plots", "plots/roc.png", "PLOTS"):
            run.log_artifact(name.encode(), name=name)
    assert export_mlflow(sqlite_conn, "e", "anywhere") == ["r"]
    written = [path for path in tmp_path.rglob("*") if path.is_file() and ".db" not in path.name]
    assert len(written) == len(HOSTILE) + 3
    assert all(path.is_relative_to(client.folder / "r") for path in written)
    assert (client.folder / "r" / "é" / "日本.txt").read_bytes() == "é/日本.txt".encode()
    back = {each.name: each.data for each in mlflow_files.read(str(client.folder / "r"), tmp_path, client.tags)}
    assert back == {name: name.encode() for name in (*HOSTILE, "plots", "plots/roc.png", "PLOTS")}


def test_artifacts_that_are_too_many_are_not_written(sqlite_conn, client):
    with sqlite_conn.experiment("e").run("r") as run:
        run.log_artifact(b"12345", name="a")
    with pytest.raises(InvalidArgumentError, match="5 bytes, more than 4"):
        export_mlflow(sqlite_conn, "e", "anywhere", most_bytes=4)
    assert export_mlflow(sqlite_conn, "e", "anywhere", artifacts=False) == ["r"]
    assert not client.folder.exists()


def test_the_store_of_mlflow_is_left_as_it_is(sqlite_conn, mlflow_url, tmp_path):
    before = (tmp_path / "mlflow.db").read_bytes()
    import_mlflow(sqlite_conn, mlflow_url)
    assert (tmp_path / "mlflow.db").read_bytes() == before


def test_what_is_no_store_of_mlflow(sqlite_conn, sqlite_url, mlflow_url, tmp_path):
    sqlite_conn.database.migrate()
    with pytest.raises(InvalidArgumentError, match="no MLflow 3 store"):
        import_mlflow(sqlite_conn, sqlite_url)
    with pytest.raises(InvalidArgumentError, match=r"'nothing'.*churn é"):
        import_mlflow(sqlite_conn, mlflow_url, ["nothing"])
    with pytest.raises(UnreachableDatabaseError):
        import_mlflow(sqlite_conn, f"sqlite:///{tmp_path / 'missing.db'}")
    assert not (tmp_path / "missing.db").exists()


def test_writing_without_mlflow_names_the_remedy(sqlite_conn, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "mlflow", None)
    with sqlite_conn.experiment("e").run("r"):
        pass
    with pytest.raises(NotSupportedError, match=r"pip install hanalife\[mlflow\]"):
        export_mlflow(sqlite_conn, "e", f"sqlite:///{tmp_path / 'out.db'}")


@pytest.mark.filterwarnings("ignore")  # MLflow's own
def test_there_and_back_through_mlflow(sqlite_conn, mlflow_url, tmp_path):
    pytest.importorskip("mlflow")
    out = f"sqlite:///{tmp_path / 'out.db'}"
    import_mlflow(sqlite_conn, mlflow_url, "churn é")
    assert len(export_mlflow(sqlite_conn, "churn é", out)) == 4
    with ConnectionContext("sqlite://") as other:
        import_mlflow(other, out, "churn é")
        tables = [
            search_runs(each, "params.depth = 5", columns=["name", "status", "params.*", "metrics.*", "tags.owner"])
            for each in (sqlite_conn, other)
        ]
        assert tables[0].collect().equals(tables[1].collect())


@pytest.mark.filterwarnings("ignore")
def test_a_fit_is_recorded_in_both(sqlite_conn, tmp_path):
    pytest.importorskip("mlflow")
    from hanalife import DataSets

    out = f"sqlite:///{tmp_path / 'out.db'}"
    model = UnifiedClassification(func="HybridGradientBoostingTree", n_estimators=2)
    MLExperiments(sqlite_conn, "e").autologging(model, run_name="fit")
    enable_mlflow_autologging(model, "e", out)
    model.fit(DataSets.load_diabetes_data(sqlite_conn)[0], key="ID", label="CLASS")
    with ConnectionContext("sqlite://") as other:
        import_mlflow(other, out, "e")
        theirs = search_runs(other, columns=["metrics.AUC", 'tags."hanalife.run_id"']).collect()
    ours = search_runs(sqlite_conn, columns=["metrics.AUC", "run_id"]).collect()
    assert theirs.values.tolist() == ours.values.tolist()


class TableClient:
    """Does with the tables what MLflow's client does: as much of it as an export needs."""

    def __init__(self, file):
        self.file = file

    def _write(self, statement, *values):
        with contextlib.closing(sqlite3.connect(self.file)) as store, store:
            store.execute(statement, values)

    def get_experiment_by_name(self, _name):
        return SimpleNamespace(experiment_id=0)

    def create_run(self, experiment_id, start_time, run_name):
        row = ("f" * 32, run_name, "ann", "RUNNING", start_time, "active", experiment_id)
        columns = "run_uuid, name, user_id, status, start_time, lifecycle_stage, experiment_id"
        self._write(f"INSERT INTO runs ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?)", *row)
        return SimpleNamespace(info=SimpleNamespace(run_id="f" * 32))

    def log_batch(self, run_id, metrics=(), params=(), tags=()):
        for key, value, timestamp, step in metrics:
            assert re.fullmatch(r"[/\w.\- ]+", key), f"MLflow refuses the name {key!r}"
            row = (key, value, timestamp, run_id, step)
            self._write("INSERT INTO metrics VALUES (?, ?, ?, ?, ?, 0)", *row)
        for table, pairs in (("params", params), ("tags", tags)):
            for key, value in pairs:
                self._write(f"INSERT INTO {table} VALUES (?, ?, ?)", key, value, run_id)

    def set_terminated(self, run_id, status, end_time):
        self._write("UPDATE runs SET status = ?, end_time = ? WHERE run_uuid = ?", status, end_time, run_id)


def test_sources_survive_mlflow(sqlite_conn, mlflow_url, tmp_path, monkeypatch):
    entities = SimpleNamespace(Metric=lambda *row: row, Param=lambda *row: row, RunTag=lambda *row: row)
    client = SimpleNamespace(MlflowClient=lambda _uri: TableClient(tmp_path / "mlflow.db"), entities=entities)
    monkeypatch.setitem(sys.modules, "mlflow", client)
    monkeypatch.setitem(sys.modules, "mlflow.entities", entities)
    with sqlite_conn.experiment("e").run("r") as run:
        for source, value in (("test", 0.7), ("train", 0.9), ("user", 0.5)):
            run.log_metrics({"AUC": [0.1, value]}, source=source)
        run.log_metric("train/loss", 0.25)
        run.log_metric("SCORE_KAPPA", 0.5, source="test")
    export_mlflow(sqlite_conn, "e", mlflow_url)
    with ConnectionContext("sqlite://") as other:
        import_mlflow(other, mlflow_url, "Default")
        assert other.experiment("Default").run("r").measured == run.measured
        assert [point.value for point in other.experiment("Default").run("r").series("AUC", "train")] == [0.1, 0.9]
        assert "hanalife.run_id" in other.experiment("Default").run("r").tags
        assert not any(tag.startswith("hanalife.source.") for tag in other.experiment("Default").run("r").tags)
