"""What the tree of sources must be for every machine."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

SOURCES = Path(__file__).parents[2] / "js" / "src"


def test_no_two_modules_of_the_front_end_differ_by_case_alone():
    # A bundler that looks names up without regard to case takes one for the other.
    modules = Counter(str(path.with_suffix("")).lower() for path in SOURCES.rglob("*.ts*"))
    assert modules
    assert [name for name, count in modules.items() if count > 1] == []
