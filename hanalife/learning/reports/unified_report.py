"""A report on a model or a frame, to show in a cell or to keep as a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Self

from hanalife.dataframe.frame import DataFrame
from hanalife.errors import ArgumentTypeError, InvalidArgumentError
from hanalife.learning.reports.dataset_page import dataset_page


class UnifiedReport:
    """A self-contained HTML report: no script, no network, light and dark.

    Parameters
    ----------
    obj : UnifiedClassification, UnifiedRegression or DataFrame
        A fitted model, or a frame for a report on its columns.

    Raises
    ------
    ArgumentTypeError
        It is neither.

    Examples
    --------
    >>> from hanalife import ConnectionContext, DataSets
    >>> data, *_ = DataSets.load_diabetes_data(ConnectionContext("sqlite://"))
    >>> "GLUCOSE" in UnifiedReport(data).build(key="ID").html
    True
    """

    def __init__(self, obj: Any) -> None:
        if not isinstance(obj, DataFrame) and not hasattr(obj, "build_report"):
            raise ArgumentTypeError(f"obj: expected a fitted unified model or a DataFrame, got {type(obj).__name__}.")
        self._obj = obj
        self.html: str | None = None  #: set by :meth:`build`

    def build(self, key: str | None = None, **_sampling: Any) -> Self:
        """Make the report.

        Parameters
        ----------
        key : str, optional
            Of a frame: the column that identifies a row; it has no distribution.
        **_sampling
            hana_ml's limits for scatter plots; there are none here.

        Raises
        ------
        FitIncompleteError
            The model is not fitted.
        """
        if isinstance(self._obj, DataFrame):
            self.html = dataset_page(self._obj, key)
        else:
            self.html = self._obj.build_report().report
        return self

    def display(self, save_html: str | Path | None = None, metric_sampling: bool = False) -> None:
        """Show the report in the cell, or write it to a file.

        Parameters
        ----------
        save_html : str or Path, optional
            The file to write; ``.html`` is added if it has no ending. Default: show it in the cell.
        metric_sampling : bool
            Without effect: long curves are always thinned out.

        Raises
        ------
        InvalidArgumentError
            :meth:`build` was not called.
        """
        del metric_sampling
        if self.html is None:
            raise InvalidArgumentError("report: there is none yet; call build() first.")
        if save_html is None:
            show(self.html)
        else:
            write(self.html, save_html)


def show(html: str, height: int = 700) -> None:
    """Show a page in the cell, apart from the notebook's own styles and scripts."""
    from html import escape

    from IPython.display import display

    frame = f'<iframe sandbox srcdoc="{escape(html)}" title="Report" width="100%" height="{height}" frameborder="0">'
    display({"text/html": f"{frame}</iframe>", "text/plain": "hanalife report"}, raw=True)


def write(html: str, path: str | Path) -> Path:
    """Write a page to a file, ``.html`` added if it has no ending, and return its path."""
    target = Path(path)
    target = target if target.suffix else target.with_suffix(".html")
    target.write_text(html, encoding="utf-8")
    return target
