"""Figures, files and tables as bytes that a run keeps, and back. Nothing stored is ever executed."""

from __future__ import annotations

import io
import mimetypes
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from hanalife.errors import ArgumentTypeError, InvalidArgumentError
from hanalife.tracking.batches import NewArtifact
from hanalife.tracking.events import to_json

if TYPE_CHECKING:
    import pandas as pd

MOST_BYTES: Final = 2**30

CURVES: Final = "application/vnd.hanalife.curves+json"  #: ``{name: [[x, y], ...], ...}``
TABLE: Final = "application/vnd.apache.arrow.file"

_PLOTLY = "application/vnd.plotly.v1+json"
_MAGIC = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"%PDF-", "application/pdf"),
    (b"<svg", "image/svg+xml"),
)


def of_file(
    source: bytes | bytearray | str | os.PathLike[str], name: str | None, media_type: str | None
) -> NewArtifact:
    """Return the bytes of a file, or bytes as they are, under a name.

    Raises
    ------
    InvalidArgumentError
        The file cannot be read, bytes have no name, or there are more than 1 GiB.
    ArgumentTypeError
        The source is neither a path nor bytes.
    """
    if isinstance(source, (bytes, bytearray)):
        if name is None:
            raise InvalidArgumentError("name: bytes have no name of their own; give one, such as name='model.ubj'.")
        data = bytes(source)
    elif isinstance(source, (str, os.PathLike)):
        path = Path(source)
        name = path.name if name is None else name
        data = _read(path)
    else:
        raise ArgumentTypeError(f"path_or_bytes: expected a path or bytes, got {type(source).__name__}.")
    return _bounded(NewArtifact(name, "file", media_type or _guess(name), data))


def of_figure(name: str, figure: object) -> NewArtifact:
    """Return a figure: curves, a figure of matplotlib, plotly or bqplot, or ready PNG, SVG or HTML.

    Raises
    ------
    ArgumentTypeError
        The figure is none of these.
    """
    if isinstance(figure, Mapping):
        return _figure(name, CURVES, to_json(figure).encode())
    if isinstance(figure, (bytes, bytearray)):
        return _figure(name, _sniff(bytes(figure)), bytes(figure))
    if isinstance(figure, str):
        is_svg = figure.lstrip().startswith("<svg")
        return _figure(name, "image/svg+xml" if is_svg else "text/html", figure.encode("utf-8", "replace"))
    library = type(figure).__module__.partition(".")[0]
    drawing: Any = figure
    if library == "matplotlib" and hasattr(figure, "savefig"):
        buffer = io.BytesIO()
        drawing.savefig(buffer, format="png", bbox_inches="tight")
        return _figure(name, "image/png", buffer.getvalue())
    if library == "plotly" and hasattr(figure, "to_json"):
        return _figure(name, _PLOTLY, drawing.to_json().encode())
    if library == "bqplot" and hasattr(figure, "marks"):
        return _figure(name, CURVES, to_json(_curves_of_marks(drawing.marks)).encode())
    raise ArgumentTypeError(
        f"figure: {type(figure).__module__}.{type(figure).__qualname__} cannot be kept; give a dict of curves "
        "({name: [(x, y), ...]}), a figure of matplotlib, plotly or bqplot, or PNG, SVG or HTML."
    )


def of_table(name: str, frame: object) -> NewArtifact:
    """Return a frame of hanalife or pandas, or an Arrow table, as an Arrow file.

    Raises
    ------
    ArgumentTypeError
        It is none of these.
    InvalidArgumentError
        A column holds values of several types.
    """
    import pyarrow as pa

    collect = getattr(frame, "collect", None)
    content = collect() if callable(collect) else frame
    try:
        table = content if isinstance(content, pa.Table) else pa.Table.from_pandas(content)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError) as error:
        raise InvalidArgumentError(f"frame: a column cannot be kept: {error}. Give it one type.") from error
    except (AttributeError, TypeError):
        raise ArgumentTypeError(
            f"frame: expected a DataFrame of hanalife or pandas, or an Arrow table, got {type(frame).__name__}."
        ) from None
    sink = io.BytesIO()
    with pa.ipc.new_file(sink, table.schema) as file:
        file.write_table(table)
    return _bounded(NewArtifact(name, "table", TABLE, sink.getvalue()))


def to_pandas(data: bytes) -> pd.DataFrame:
    """Return the frame that :func:`of_table` wrote."""
    import pyarrow as pa

    return pa.ipc.open_file(pa.BufferReader(data)).read_all().to_pandas()


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise _too_large(str(path), path.stat().st_size)
        return path.read_bytes()
    except OSError as error:
        raise InvalidArgumentError(f"path_or_bytes: {str(path)!r} cannot be read: {error.strerror}.") from error


def _guess(name: str) -> str:
    return mimetypes.guess_type(name)[0] or "application/octet-stream"


def _sniff(data: bytes) -> str:
    start = data.lstrip()[:8] if data[:1].isspace() else data[:8]
    return next((kind for magic, kind in _MAGIC if start.startswith(magic)), "text/html")


def _curves_of_marks(marks: Any) -> dict[str, list[tuple[Any, Any]]]:
    """Return the lines, points and bars of bqplot as curves; a mark may hold several lines over one x."""
    curves: dict[str, list[tuple[Any, Any]]] = {}
    for position, mark in enumerate(marks):
        if not hasattr(mark, "x") or not hasattr(mark, "y"):
            continue
        several = getattr(mark.y, "ndim", 1) > 1
        labels = list(getattr(mark, "labels", []))
        for part, y in enumerate(mark.y if several else [mark.y]):
            label = labels[part] if part < len(labels) else f"{type(mark).__name__} {position}.{part}"
            curves[label] = list(zip(mark.x, y, strict=False))
    return curves


def _figure(name: str, media_type: str, data: bytes) -> NewArtifact:
    return _bounded(NewArtifact(name, "figure", media_type, data))


def _bounded(artifact: NewArtifact) -> NewArtifact:
    if len(artifact.data) > MOST_BYTES:
        raise _too_large(artifact.name, len(artifact.data))
    return artifact


def _too_large(name: str, size: int) -> InvalidArgumentError:
    return InvalidArgumentError(
        f"{name!r} has {size} bytes; a run keeps at most {MOST_BYTES} under one name. "
        "Keep it elsewhere and log its place."
    )
