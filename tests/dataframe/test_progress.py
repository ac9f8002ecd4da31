"""The bar over rows on their way: on a terminal, after a second, unless it is turned off."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import termios

import pytest

SCRIPT = """
import pyarrow as pa, tqdm.std
from hanalife.dataframe.transfer.progress import shown
now = 0.0
tqdm.std.time = lambda: now
def slow():
    global now
    for _ in range({batches}):
        now += 0.25
        yield pa.record_batch({{"ID": [1, 2]}})
print(sum(batch.num_rows for batch in shown(slow(), "reading", disable={disable})))
"""


def on_a_terminal(batches, disable=False, **environment):
    """Return what a person sees and what the program found."""
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 80))
    with os.fdopen(ours, "rb", buffering=0) as screen:
        command = [sys.executable, "-c", SCRIPT.format(batches=batches, disable=disable)]
        done = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=theirs, env=os.environ | environment, timeout=60, check=True
        )
        os.set_blocking(ours, False)
        os.close(theirs)
        try:
            seen = screen.read(65_536) or b""
        except OSError:  # nothing was written before the other end closed
            seen = b""
    return seen.decode(), int(done.stdout)


def test_a_long_transfer_shows_a_bar():
    seen, rows = on_a_terminal(8)
    assert "reading" in seen
    assert "rows" in seen
    assert rows == 16


@pytest.mark.parametrize(
    ("batches", "disable", "environment"), [(1, False, {}), (8, True, {}), (8, False, {"TQDM_DISABLE": "1"})]
)
def test_a_short_one_shows_none_and_a_long_one_can_be_silent(batches, disable, environment):
    assert on_a_terminal(batches, disable, **environment) == ("", 2 * batches)
