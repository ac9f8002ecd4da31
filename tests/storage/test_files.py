"""Models in files: folders, bundles, signatures, damage."""

from __future__ import annotations

import json
import pickle
import zipfile

import numpy as np
import pandas as pd
import pytest

from hanalife import ConnectionContext, DataSets, ModelStorage, UnifiedClassification, errors
from hanalife.database import models


@pytest.fixture
def storage(sqlite_conn, tmp_path, monkeypatch):
    """Give a storage with one version of a model, in an empty working directory."""
    monkeypatch.chdir(tmp_path)
    data, *_ = DataSets.load_diabetes_data(sqlite_conn)
    model = UnifiedClassification(func="HybridGradientBoostingTree", n_estimators=3, random_state=1)
    model.fit(data.filter("ID < 300"), key="ID", label="CLASS")
    model.name = "churn"
    made = ModelStorage(sqlite_conn)
    made.save_model(model, notes="the first", tags={"team": "risk"})
    return made


@pytest.fixture
def other(tmp_path):
    """Give the storage of another, empty database."""
    with ConnectionContext(f"sqlite:///{tmp_path / 'other.db'}") as conn:
        yield ModelStorage(conn)


def predictions(storage, model):
    rows = DataSets.load_diabetes_data(storage.connection_context)[0].filter("ID >= 300").deselect("CLASS")
    return model.predict(rows, key="ID").sort("ID").collect()


def content(path):
    if path.is_file():
        return path.read_bytes()
    return {file.name: file.read_bytes() for file in sorted(path.iterdir())}


@pytest.mark.parametrize("kind", ["folder", "bundle"])
@pytest.mark.parametrize("key", [None, "secret"])
def test_export_import_export_is_identical(storage, other, tmp_path, kind, key, capsys):
    def export(which, place):
        place.mkdir()
        if kind == "folder":
            return which.export_model("churn", 1, place, key=key)
        return which.export_bundle("churn", 1, place / "churn.hanalife", key=key)

    first = export(storage, tmp_path / "a")
    assert ("was exported to" in capsys.readouterr().out) == (kind == "folder")
    other.import_model(first, key=key)
    assert content(export(other, tmp_path / "b")) == content(first)
    pd.testing.assert_frame_equal(
        predictions(other, other.load_model("churn")), predictions(storage, storage.load_model("churn"))
    )
    before, after = storage.get_lineage("churn"), other.get_lineage("churn")
    assert after == before
    assert after["tags"] == {"team": "risk"}
    assert other.get_history("churn")["EVENT"].tolist() == ["IMPORTED"]


def test_an_existing_version_is_replaced_only_by_force(storage):
    path = storage.export_bundle("churn")
    assert path.name == "churn_1.hanalife"
    with pytest.raises(errors.ModelExistingError, match="version 1 exists; pass force=True"):
        storage.import_model(path)
    storage.import_model(path, force=True)
    assert storage.list_models()["VERSION"].tolist() == [1]
    assert storage.get_history("churn")["EVENT"].tolist() == ["SAVED", "IMPORTED"]


def test_files_past_the_store(storage, other, tmp_path):
    model = storage.load_model("churn")
    folder = other.save_model_to_files(model, tmp_path / "files")
    assert folder == tmp_path / "files" / "churn_1"
    assert other.list_models().empty
    loaded = other.load_model_from_files(folder)
    pd.testing.assert_frame_equal(predictions(other, loaded), predictions(storage, model))
    assert (loaded.name, loaded.version) == ("churn", 1)
    other.import_model(folder)
    assert other.model_already_exists("churn", 1)


def test_a_name_does_not_leave_its_folder(storage, tmp_path):
    model = storage.load_model("churn")
    for name in ("../../out", "/etc/x", "..", "a/b\\c", "~root"):
        model.name, model.version = name, 1
        storage.save_model(model)
        folder = storage.export_model(name, 1, tmp_path / "inside", is_print=False)
        assert folder.parent == tmp_path / "inside"
        assert storage.export_bundle(name).resolve().parent == tmp_path
    assert not (tmp_path.parent / "out_1").exists()


def damaged(data, place):
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


def test_no_byte_can_be_changed(storage, other, tmp_path):
    """Every byte of a signed manifest, and bytes all over the model, in both forms."""
    folder = storage.export_model("churn", key="k", is_print=False)
    path = storage.export_bundle("churn", key="k")
    for file in sorted(folder.iterdir()):
        data = file.read_bytes()
        for place in {*range(0, len(data), max(1, len(data) // 150)), len(data) - 1}:
            file.write_bytes(damaged(data, place))
            with pytest.raises(errors.ModelStorageError):
                other.import_model(folder, key="k")
        for cut in (b"", data[:-1], data[: len(data) // 2]):
            file.write_bytes(cut)
            with pytest.raises(errors.ModelStorageError):
                other.import_model(folder, key="k")
        file.write_bytes(data)
    data = path.read_bytes()
    for place in {*range(0, len(data), len(data) // 300), *range(100), *range(len(data) - 250, len(data))}:
        path.write_bytes(damaged(data, place))
        with pytest.raises(errors.ModelStorageError):
            other.import_model(path, key="k")
    for cut in (b"", data[:-1], data[: len(data) // 2]):
        path.write_bytes(cut)
        with pytest.raises(errors.CorruptModelError, match="expected"):
            other.import_model(path, key="k")
    path.write_bytes(data)
    assert other.list_models().empty, "nothing of all that was taken in"
    other.import_model(path, key="k")


def test_a_signature_is_asked_for_with_a_key(storage, other, monkeypatch):
    plain = storage.export_bundle("churn", path="plain")
    signed = storage.export_bundle("churn", path="signed", key=b"one")
    for path, key in ((plain, "one"), (signed, "two")):
        with pytest.raises(errors.CorruptModelError, match="signature: expected one of the manifest with your key"):
            other.import_model(path, key=key)
    other.import_model(signed, key="one")
    other.import_model(signed, force=True)
    monkeypatch.setenv("HANALIFE_SIGNING_KEY", "two")
    with pytest.raises(errors.CorruptModelError, match="signature"):
        other.load_model_from_files(signed)
    assert other.load_model_from_files(signed, key="one").name == "churn"


def rewritten(path, change):
    manifest = json.loads((path / "manifest.json").read_text())
    change(manifest)
    (path / "manifest.json").write_text(json.dumps(manifest))


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda it: it.update(hanalife_model=99), "version 99 is unknown"),
        (lambda it: it["model"].update(class_path="subprocess.Popen"), "subprocess.Popen"),
        (lambda it: it["model"].update(name="a;b"), r"model\.name"),
        (lambda it: it["model"].update(version=0), r"model\.version"),
        (lambda it: it["model"].update(format="pickle"), "'pickle' is unknown"),
        (lambda it: it["model"].update(format="skops"), "expected scikit-learn"),
        (lambda it: it["model"].pop("state"), "expected the manifest"),
        (lambda it: it["model"].update(created_at="yesterday"), "expected the manifest"),
        (lambda it: it["files"]["model.bin"].update(size=3), "expected"),
    ],
)
def test_a_manifest_that_lies(storage, other, change, named):
    folder = storage.export_model("churn", is_print=False)
    rewritten(folder, change)
    with pytest.raises(errors.ModelStorageError, match=named):
        other.import_model(folder)
    assert other.list_models().empty


def test_what_is_no_model(storage, other, tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "pickle").write_bytes(pickle.dumps({"a": 1}))
    packed = tmp_path / "packed"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("manifest.json", b" " * 10**7)
        archive.writestr("model.bin", bytes(10**7))
    for path in (tmp_path / "empty", tmp_path / "pickle", packed):
        with pytest.raises(errors.CorruptModelError, match="path: "):
            other.import_model(path)
    with pytest.raises(errors.UnreachableFileError, match="no file or folder"):
        other.import_model(tmp_path / "nowhere")
    with pytest.raises(errors.ModelStorageError, match="no model 'nobody'"):
        storage.export_model("nobody", 1)
    with other.connection_context.database.read() as connection:
        assert models.names(connection) == []
    assert np.all(storage.list_models()["NAME"] == "churn")
