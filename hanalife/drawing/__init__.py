"""Charts and pages as text, for where nothing runs: no script, no network, light and dark. All pure."""
