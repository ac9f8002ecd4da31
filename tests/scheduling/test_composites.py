"""Composites: truth tables over all outcomes of their parts, by a judge that knows only the end."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanalife.records import JobStatus
from hanalife.scheduling.composites import NextStep, Rule, next_step

GOOD = JobStatus.SUCCEEDED
BAD = (JobStatus.FAILED, JobStatus.CANCELLED, JobStatus.TIMED_OUT, JobStatus.ABANDONED, JobStatus.SKIPPED)
ENDS = (GOOD, *BAD)
OPEN = (JobStatus.QUEUED, JobStatus.RUNNING)


def execute(rule, ends):
    """Let parts end one after another, each as told unless it is stopped; return the outcome and all parts."""
    parts, asked = {}, False
    for _ in range(4 * len(ends) + 4):
        step = next_step(rule, len(ends), parts)
        if step.outcome is not None:
            return step.outcome, parts | dict.fromkeys(step.skip, JobStatus.SKIPPED)
        asked |= step.stop
        parts |= dict.fromkeys(step.start, JobStatus.RUNNING)
        running = [place for place, status in parts.items() if status in OPEN]
        if running:
            parts[running[0]] = JobStatus.CANCELLED if asked else ends[running[0] - 1]
    raise AssertionError("it did not end")


@pytest.mark.parametrize("ends", [ends for size in (1, 2, 3) for ends in itertools.product(ENDS, repeat=size)])
def test_truth_tables_over_all_outcomes(ends):
    good = [end is GOOD for end in ends]
    outcome, parts = execute(Rule.SEQUENTIAL, ends)
    ran = good.index(False) + 1 if False in good else len(ends)
    assert outcome is (GOOD if all(good) else JobStatus.FAILED)
    assert list(parts.values()) == [*ends[:ran], *[JobStatus.SKIPPED] * (len(ends) - ran)]
    outcome, parts = execute(Rule.ALL, ends)
    assert outcome is (GOOD if all(good) else JobStatus.FAILED)
    assert tuple(parts.values()) == ends
    outcome, parts = execute(Rule.ANY, ends)
    first = good.index(True) + 1 if True in good else len(ends)
    assert outcome is (GOOD if any(good) else JobStatus.FAILED)
    assert list(parts.values()) == [*ends[:first], *[JobStatus.CANCELLED] * (len(ends) - first)]


TREES = st.recursive(
    st.sampled_from(ENDS), lambda below: st.tuples(st.sampled_from(list(Rule)), st.lists(below, min_size=1, max_size=3))
)


def judge(tree):
    """Say how a tree of composites ends, by the meaning of its rules alone."""
    if not isinstance(tree, tuple):
        return tree is GOOD
    rule, below = tree
    return (any if rule is Rule.ANY else all)(judge(one) for one in below)


def executed(tree):
    if not isinstance(tree, tuple):
        return tree
    rule, below = tree
    return execute(rule, [executed(one) for one in below])[0]


@given(TREES)
def test_nested_composites_end_as_their_rules_say(tree):
    assert (executed(tree) is GOOD) == judge(tree)


@given(
    st.sampled_from(list(Rule)),
    st.integers(1, 4).flatmap(
        lambda size: st.tuples(
            st.just(size), st.dictionaries(st.integers(1, size), st.sampled_from([*ENDS, *OPEN]), max_size=size)
        )
    ),
    st.booleans(),
    st.booleans(),
)
def test_whatever_has_happened_a_step_is_sound(rule, parts_of, cancelled, time_over):
    size, parts = parts_of
    step = next_step(rule, size, parts, cancelled=cancelled, time_over=time_over)
    is_open = any(status in OPEN for status in parts.values())
    assert not set(step.start) & set(parts)
    assert not (step.start and step.skip)
    assert (step.outcome is None) or not is_open
    assert is_open or step.start or step.outcome is not None, "it must go on or end"
    if cancelled:
        assert not step.start
        assert step.outcome in (None, JobStatus.CANCELLED)
    if step.outcome is not None:
        assert set(step.skip) | set(parts) == set(range(1, size + 1))


def test_time_over_ends_it_as_timed_out_unless_it_was_done():
    stopped = {1: GOOD, 2: JobStatus.CANCELLED}
    assert next_step(Rule.ALL, 2, stopped, time_over=True).outcome is JobStatus.TIMED_OUT
    assert next_step(Rule.ALL, 2, {1: GOOD, 2: GOOD}, time_over=True).outcome is GOOD
    assert next_step(Rule.SEQUENTIAL, 2, {1: GOOD}, time_over=True) == NextStep(skip=(2,), outcome=JobStatus.TIMED_OUT)
    assert next_step(Rule.SEQUENTIAL, 2, {1: JobStatus.RUNNING}, time_over=True) == NextStep(stop=True)


WORDS = ("drift", "no_drift", "unknown", None)


@given(st.lists(st.tuples(st.sampled_from(WORDS), st.sampled_from(WORDS)), min_size=1, max_size=5))
def test_a_gate_lets_exactly_its_verdict_pass(line):
    """Each part waits for a word of the one before and says one itself; all of them end well."""
    gates = {place: word for place, (word, _) in enumerate(line, 1) if word is not None and place > 1}
    verdicts = {place: said for place, (_, said) in enumerate(line, 1)}
    parts = {}
    while True:
        heard = {place: verdicts[place] for place in parts}
        step = next_step(Rule.SEQUENTIAL, len(line), parts, gates=gates, verdicts=heard)
        if step.outcome is not None:
            break
        parts |= dict.fromkeys(step.start, GOOD)
    passed = [place for place in range(1, len(line) + 1) if place not in gates or gates[place] == verdicts[place - 1]]
    ran = next((place for place in range(1, len(line) + 1) if place not in passed), len(line) + 1) - 1
    assert step.outcome is GOOD
    assert list(parts) == list(range(1, ran + 1))
    assert list(step.skip) == list(range(ran + 1, len(line) + 1))
    assert step.shut == (ran + 1 if step.skip else None)
