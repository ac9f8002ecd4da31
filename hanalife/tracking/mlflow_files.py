"""Files of runs from folders of MLflow, and to them: no name leads out of a folder, and no link is followed."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Final
from urllib.parse import unquote, urlsplit

from hanalife.errors import InvalidArgumentError
from hanalife.records import Artifact
from hanalife.tracking import artifacts, identity
from hanalife.tracking.batches import NewArtifact

#: A tag with this before a file's path has the name of the artifact, which was no safe path.
NAME_OF: Final = "hanalife.artifact."

_SAFE_PART = re.compile(r"[\w()+=@-][\w .()+=@-]{0,98}[\w()+=@-]|[\w()+=@-]")
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)([.].*)?", re.IGNORECASE)  # no names of files on Windows


def read(uri: str, root: Path, names: Mapping[str, str]) -> Iterator[NewArtifact]:
    """Yield the files that MLflow keeps of a run, in the order of their paths.

    Parameters
    ----------
    uri : str
        The run's ``artifact_uri``.
    root : Path
        Nothing outside of this folder is read.
    names : mapping
        Tags of the run; those of :data:`NAME_OF` give names back.

    Raises
    ------
    InvalidArgumentError
        The files are not in a folder below ``root``, a file cannot be read, is too large, or has a name that
        cannot be stored.
    """
    folder = _folder(uri, root)
    for file in sorted(_files(folder)):
        path = file.relative_to(folder).as_posix()
        name = identity.require_name(names.get(f"{NAME_OF}{path}", path), "artifacts")
        yield artifacts.of_file(file, name, None)


def _folder(uri: str, root: Path) -> Path:
    parts = urlsplit(uri)
    is_local = parts.scheme in ("", "file") and parts.netloc in ("", "localhost")
    folder = Path(unquote(parts.path) if parts.scheme else uri).resolve()
    if not is_local or not folder.is_relative_to(root.resolve()):
        raise InvalidArgumentError(
            f"artifacts: MLflow keeps files of a run at {uri!r}, which is no folder below {str(root)!r}; "
            "give the folder that all are below, or import without artifacts=."
        )
    return folder


def _files(folder: Path) -> Iterator[Path]:
    for place, folders, names in os.walk(folder):  # which follows no link
        folders.sort()
        yield from (Path(place, name) for name in names if not Path(place, name).is_symlink())


def safe_paths(kept: Sequence[Artifact]) -> dict[str, PurePosixPath]:
    """Return the path below a folder for each artifact by its name: the name, unless that is no safe path.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> names = "plots/roc.png", "../../etc/passwd", "plots"
    >>> kept = [Artifact("r", name, "file", "", "0" * 64, 0, datetime.now(UTC)) for name in names]
    >>> [str(path) for path in safe_paths(kept).values()]
    ['plots/roc.png', 'artifact-1-0000000000000000', 'artifact-2-0000000000000000']
    """
    found: dict[str, PurePosixPath] = {}
    taken: set[str] = set()  # files, and folders that files are in, as a file system without regard to case sees them
    for place, artifact in enumerate(kept):
        path = PurePosixPath(artifact.name)
        if not _is_safe(artifact.name) or str(path).casefold() in taken or _lies_in_a_file(path, found.values()):
            path = PurePosixPath(f"artifact-{place}-{artifact.sha256[:16]}")
        found[artifact.name] = path
        taken |= {str(each).casefold() for each in (path, *path.parents)}
    return found


def _is_safe(name: str) -> bool:
    parts = name.split("/")
    return all(_SAFE_PART.fullmatch(part) and not _DEVICES.fullmatch(part) for part in parts)


def _lies_in_a_file(path: PurePosixPath, files: Iterable[PurePosixPath]) -> bool:
    known = {str(file).casefold() for file in files}
    return any(str(parent).casefold() in known for parent in path.parents)
