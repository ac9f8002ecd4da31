"""What axe-core finds wrong in a part of a page: every rule runs, none is skipped."""

from __future__ import annotations

from tests.browser.lab import ROOT

AXE = ROOT / "js" / "node_modules" / "axe-core" / "axe.min.js"

#: The impacts that axe-core calls the gravest.
GRAVE = ("serious", "critical")


def grave_violations(page, selector):
    """Give each serious or critical violation inside the elements of a selector, as text with the elements at fault."""
    if not page.evaluate("() => !!window.axe"):
        page.add_script_tag(path=AXE)
    found = page.evaluate("selector => axe.run(selector)", selector)
    # A selector that matches nothing is an error of axe; one whose contents no rule is about proves nothing either.
    assert found["passes"] or found["violations"], f"axe-core found nothing to check in {selector}"
    return [_told(rule) for rule in found["violations"] if rule["impact"] in GRAVE]


def _told(rule):
    nodes = "\n".join(f"  {node['html']}\n    {node['failureSummary']}" for node in rule["nodes"])
    return f"{rule['impact']}: {rule['id']}: {rule['help']}\n{nodes}"
