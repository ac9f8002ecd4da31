"""The README keeps its word."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import hanalife

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_first_example_runs(tmp_path):
    code = re.search(r"```python\n(.*?)```", README, re.DOTALL).group(1)
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "life.db").exists()


def test_every_public_name_is_explained():
    for name in set(hanalife.__all__) - {"__version__"}:
        assert f"`{name}" in README or f"{name}(" in README or f" {name}," in README, name


def test_the_version_is_that_of_the_front_end():
    package = (ROOT / "js" / "package.json").read_text(encoding="utf-8")
    assert f'"version": "{hanalife.__version__}"' in package


def test_every_public_name_loads():
    for name in hanalife.__all__:
        assert getattr(hanalife, name) is not None
        assert name in dir(hanalife)
