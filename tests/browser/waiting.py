"""What the jobs of browser tests call."""

from __future__ import annotations

import time
from pathlib import Path


def until(path, note=""):
    """Say something, wait until a file exists, and say so."""
    print(f"waiting for {Path(path).name} {note}".rstrip(), flush=True)
    while not Path(path).exists():
        time.sleep(0.02)
    print("it is there", flush=True)
