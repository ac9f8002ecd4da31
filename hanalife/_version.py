"""The one version number of the project."""

from __future__ import annotations

__version__ = "0.1.0"
