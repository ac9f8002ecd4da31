"""Scheduled execution: when tasks become due, and who executes them."""

from __future__ import annotations

from hanalife.scheduling.cron import describe, preview_cron

__all__ = ["describe", "preview_cron"]
