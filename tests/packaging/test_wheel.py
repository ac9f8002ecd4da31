"""What is shipped: everything that runs, nothing that must be fetched."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Build the wheel as pip would, with this environment's hatchling."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as archive:
        yield archive


def test_the_wheel_holds_data_and_front_end(wheel):
    names = wheel.namelist()
    for ending in (
        "hanalife/datasets/data/diabetes.csv",
        "hanalife/py.typed",
        "share/jupyter/labextensions/hanalife/package.json",
        "share/jupyter/labextensions/hanalife/install.json",
        "etc/jupyter/jupyter_server_config.d/hanalife.json",
    ):
        assert any(name.endswith(ending) for name in names), ending
    assert any(re.fullmatch(r"hanalife/static/\w+\.js", name) for name in names)
    assert not [name for name in names if "node_modules" in name or name.startswith(("tests/", "js/"))]


def test_the_front_end_fetches_nothing_from_elsewhere(wheel):
    for name in wheel.namelist():
        if name.startswith("hanalife/static/") and name.endswith(".js"):
            text = wheel.read(name).decode()
            addresses = set(re.findall(r"https?://[\w.-]+", text))
            assert addresses <= {"http://www.w3.org"}, "only the names of XML vocabularies"


def test_no_file_of_the_project_names_a_machine():
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True).stdout.split(
        "\n"
    )
    pattern = re.compile(r"/(?:home|Users|root)/\w")
    for name in filter(None, tracked):
        path = ROOT / name
        if path.suffix in {".py", ".ts", ".tsx", ".md", ".json", ".toml", ".ipynb", ".mjs", ""} and path.is_file():
            assert not pattern.search(path.read_text(encoding="utf-8")), name
