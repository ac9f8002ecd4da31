"""Many processes at once, each of which begins where the imports are done."""

from __future__ import annotations

import multiprocessing

#: As ``multiprocessing`` itself; what its processes call must be in one of these modules.
crowd = multiprocessing.get_context("forkserver")
crowd.set_forkserver_preload(
    [
        "skops.io",
        "xgboost",
        "tests.demo.test_cli",
        "tests.storage.test_storage",
        "tests.storage.test_versions",
        "tests.tracking.test_processes",
    ]
)
