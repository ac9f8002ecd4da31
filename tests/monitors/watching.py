"""A stand-in for the widgets of a monitor, and waiting for what its thread does."""

from __future__ import annotations

import json
import time


def until(condition, seconds=10.0):
    """Wait until a condition holds and return its value."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, f"not so after {seconds} s"
        time.sleep(0.02)
    return value


class Table:
    """Stands where the widget is and keeps what it is told, as JSON."""

    def __init__(self):
        self.payloads = []
        self.deltas = []
        self.words = []
        self.details = []
        self.selected = ""
        self.selection = {"experiment_id": "", "run_id": "", "ticked": []}

    def show(self, payload):
        self.payloads.append(json.loads(json.dumps(payload, allow_nan=False)))

    def change(self, _payload, delta):
        self.deltas.append(json.loads(json.dumps(delta, allow_nan=False)))

    def detail(self, name, payload):
        self.details.append((name, json.loads(json.dumps(payload, allow_nan=False))))

    def say(self, word, text):
        self.words.append((word, text))


class Box:
    def __init__(self):
        self.table = Table()
        self.children = (self.table,)
