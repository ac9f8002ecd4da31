"""The methods of a model that report on it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from hanalife.errors import FitIncompleteError
from hanalife.learning.massive import GroupedModel
from hanalife.learning.reports import unified_report
from hanalife.learning.reports.model_page import ModelFacts, model_page


class Reported(GroupedModel):
    """A model with a report."""

    #: The page of HTML that :meth:`build_report` made.
    report: str | None = None

    def build_report(self) -> Self:
        """Make the report on the fitted model, and on its last score: a page of HTML, in ``report``.

        Raises
        ------
        FitIncompleteError
            The model is not fitted.
        """
        self.report = model_page(self._report_facts())
        return self

    def generate_html_report(self, filename: str) -> None:
        """Write the report to a file; ``.html`` is added if the name has no ending."""
        unified_report.write(self._made_report(), filename)

    def generate_notebook_iframe_report(self) -> None:
        """Show the report in the cell."""
        unified_report.show(self._made_report())

    def _made_report(self) -> str:
        found = self.report or self.build_report().report
        assert found is not None, "it was just made"
        return found

    def _report_facts(self) -> ModelFacts:
        fitted = self._any_fitted()
        if fitted is None:
            raise FitIncompleteError
        taken = self._signature(fitted)
        facts = {**taken.properties, "NAME": self.name, "VERSION": self.version, "RUN": self.run_id}
        data = self.training_data
        return ModelFacts(
            title=f"{self.real_func} report",
            facts={**facts, "DATA": data.select_statement if data is not None else None},
            parameters=self._words(fitted.parameters),
            tables=self._tables(),
            inputs=[(spec.name, spec.type, _seen(taken.seen[spec.name])) for spec in taken.inputs],
            score=self._score_tables,
        )


def _seen(seen: Mapping[str, Any]) -> str:
    if "CATEGORIES" in seen:
        return f"{len(seen['CATEGORIES'])} categories"
    return f"{seen['MINIMUM']:.4g} to {seen['MAXIMUM']:.4g}" if seen else "no value"
