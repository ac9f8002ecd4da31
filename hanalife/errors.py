"""Every error hanalife raises on purpose.

Each one names the argument or object, shows the value and states the remedy. Where
``hana_ml`` promises a built-in type (``ValueError``, ``KeyError``, ``TypeError``) the class
below is also of that type, so that existing ``except`` clauses keep working.
"""

from __future__ import annotations

from collections.abc import Iterable


class Error(Exception):
    """Base of all hanalife errors."""

    def __str__(self) -> str:
        # KeyError would show the repr of its text; a message is for people.
        return " ".join(str(part) for part in self.args)


class InvalidArgumentError(Error, ValueError):
    """An argument has the right type but a value that cannot be used."""


class ArgumentTypeError(Error, TypeError):
    """An argument is missing or has a type that cannot be used."""


class UnknownParameterError(Error, KeyError):
    """A keyword is not a parameter of the chosen function."""


class UnknownColumnError(Error, ValueError):
    """A column name does not occur in the frame."""

    def __init__(self, names: Iterable[str], columns: Iterable[str], argument: str = "column") -> None:
        self.names = list(names)
        self.columns = list(columns)
        missing = ", ".join(repr(name) for name in self.names)
        known = ", ".join(self.columns) or "none"
        super().__init__(f"{argument}: no column {missing}; the columns are: {known}.")


class BadSQLError(Error, ValueError):
    """SQL text is not the single expression or query that was asked for."""


class TableNotFoundError(Error, LookupError):
    """A table or view does not exist in the database."""


class UnreachableDatabaseError(Error, ConnectionError):
    """The database of a URL cannot be opened."""


class UnwritableDatabaseError(UnreachableDatabaseError):
    """A database can be read but not written: a full disk, or a file or server for reading only."""


class UnreachableFileError(Error, ConnectionError):
    """A file of a URL or path cannot be read."""


class IncompatibleStoreError(Error):
    """The tables of the store were made by a newer hanalife than this one."""


class NotSupportedError(Error, NotImplementedError):
    """A call that only makes sense inside SAP HANA; the message names the alternative."""


class FitIncompleteError(Error):
    """The model has not been fitted."""

    def __init__(self, message: str = "The model is not fitted. Call fit() first, or load a fitted model.") -> None:
        super().__init__(message)


class NotDetectedError(Error, RuntimeError):
    """A detector was asked for findings before it had compared anything."""


class SearchCancelledError(Error):
    """A search was asked to stop, or another process goes on with it; what it found is kept."""


class SearchNotFoundError(Error, LookupError):
    """No search of that ``progress_indicator_id`` is kept."""


class RunNotFoundError(Error, LookupError):
    """No run of that experiment and name is recorded."""


class ArtifactNotFoundError(Error, LookupError):
    """A run keeps nothing under that name."""


class DataNotFoundError(Error, LookupError):
    """The rows that a run has seen are not to be had any more."""


class SearchError(Error, ValueError):
    """A search of runs is not of its grammar; the message points at the character.

    ``position`` is the place of the character in the text, from 0, or None.
    """

    def __init__(self, message: str, position: int | None = None) -> None:
        self.position = position
        super().__init__(message)


class BundleError(Error, ValueError):
    """A bundle of an experiment is damaged, was altered, or does not fit the store."""


class ModelStorageError(Error):
    """A model cannot be stored, found or loaded."""


class ModelNotFoundError(ModelStorageError, LookupError):
    """There is no such model, version or alias."""


class ModelExistingError(ModelStorageError):
    """A model of that name and version is already stored."""


class CorruptModelError(ModelStorageError):
    """The stored bytes of a model are not what was saved."""


class TaskNotFoundError(Error, LookupError):
    """No task of that id exists."""


class TaskExistsError(Error, ValueError):
    """A task or schedule of that id exists and ``force`` was not given."""


class CronError(Error, ValueError):
    """A cron text is not of the seven-field grammar; the message names the field, and so do the attributes.

    Attributes
    ----------
    field, part : str
        The field and what is wrong in it; empty if the text as a whole is.
    """

    def __init__(self, message: str, field: str = "", part: str = "") -> None:
        super().__init__(message)
        self.field, self.part = field, part


class LostLeaseError(Error):
    """A job was taken over by another worker; nothing of this attempt was written."""


class PALUnusableError(Error):
    """Kept for notebooks that catch it; hanalife has no PAL to be unusable."""
