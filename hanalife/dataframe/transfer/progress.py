"""A bar over rows on their way, for people who wait longer than a second.

``TQDM_DISABLE=1`` in the environment turns it off everywhere, as it does for every tqdm bar.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pyarrow as pa


def shown(
    batches: Iterator[pa.RecordBatch], what: str, total: int | None = None, *, disable: bool = False
) -> Iterator[pa.RecordBatch]:
    """Pass batches on and show how many rows have passed; nothing is shown where nobody looks."""
    from tqdm.auto import tqdm
    from tqdm.std import tqdm as text_bar

    # A notebook's bar is no text and has its own place.
    is_text = tqdm.__mro__[1] is text_bar
    if disable or (is_text and not sys.stderr.isatty()):
        yield from batches
        return
    with tqdm(total=total, desc=what, unit=" rows", delay=1, leave=False) as bar:
        for batch in batches:
            yield batch
            bar.update(batch.num_rows)
