"""All checks of the project, one after the other: ``python tests/check.py``.

Style, types, import layers, unused code, the front end's types and tests, then all tests. The
exit status is 0 only if every one passes.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SCRIPTS = Path(sysconfig.get_path("scripts"))

#: Files of tests are many and soon gone: in memory, where there is room, a database is made in a tenth of the time.
MEMORY = Path("/dev/shm")
LEAST_ROOM = 4 * 2**30


def main() -> int:
    """Run every check and say how each ended."""
    with contextlib.ExitStack() as stack:
        if "TMPDIR" not in os.environ and MEMORY.is_dir() and shutil.disk_usage(MEMORY).free >= LEAST_ROOM:
            folder = stack.enter_context(tempfile.TemporaryDirectory(dir=MEMORY, ignore_cleanup_errors=True))
            Path(folder).chmod(0o755)  # a database server has a user of its own
            os.environ["TMPDIR"] = folder
        return run_all()


def run_all() -> int:
    """Run one check after the other; return the exit status."""
    # The environment's own programs first: ruff, mypy, and Node where the machine has none.
    os.environ["PATH"] = os.pathsep.join([str(SCRIPTS), os.environ["PATH"]])
    js = ROOT / "js"
    checks: list[tuple[str, list[str], Path]] = [
        ("format", ["ruff", "format", "--check", "hanalife", "tests", "js/hatch_build.py"], ROOT),
        ("lint", ["ruff", "check", "hanalife", "tests", "js/hatch_build.py"], ROOT),
        ("types", ["mypy"], ROOT),
        ("layers", ["lint-imports"], ROOT),
        ("unused code", ["vulture"], ROOT),
        ("packages of the front end", ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], js),
        ("types of the front end", ["npm", "run", "--silent", "typecheck"], js),
        ("tests of the front end", ["npm", "test", "--silent"], js),
        # Its dialect class alone is tested, without the proprietary driver that it would pull in.
        (
            "SAP HANA's dialect",
            [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "sqlalchemy-hana>=5,<6"],
            ROOT,
        ),
        # A process for each core; a file's tests stay together.
        (
            "tests",
            [sys.executable, "-m", "pytest", "-n", "auto", "--dist", "loadfile", "--durations=30", *sys.argv[1:]],
            ROOT,
        ),
    ]
    if (js / "node_modules").exists():
        checks = [check for check in checks if check[0] != "packages of the front end"]
    failed = [name for name, command, folder in checks if not passes(name, command, folder)]
    print(f"\nfailed: {', '.join(failed)}" if failed else "\nall checks passed")
    return 1 if failed else 0


def passes(name: str, command: list[str], folder: Path) -> bool:
    """Run one check with its output shown."""
    print(f"\n=== {name}: {' '.join(command)}", flush=True)
    program = shutil.which(command[0])
    if program is None:
        print(f"{command[0]} is not installed; run: pip install -e '.[test]'")
        return False
    started = time.monotonic()
    done = subprocess.run([program, *command[1:]], cwd=folder, check=False)
    ended = "FAILED" if done.returncode else "passed"
    print(f"--- {name}: {ended} in {time.monotonic() - started:.1f} s", flush=True)
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
