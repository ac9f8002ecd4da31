"""Missing, wrong and oddly typed values: dropped, filled, replaced, converted, taken apart."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal, Self

import sqlalchemy as sa

from hanalife.database.functions import Call
from hanalife.dataframe import arguments
from hanalife.dataframe import columns as names
from hanalife.dataframe.arrangement import Arrangement
from hanalife.dataframe.base import Expression
from hanalife.errors import ArgumentTypeError, InvalidArgumentError

_DATETIME_FORMAT = "YYYY-MM-DD HH24:MI:SS"


class Cleaning(Arrangement):
    """Methods that clean values."""

    # --- missing values -----------------------------------------------------------------------

    def dropna(
        self, how: str | None = None, thresh: int | None = None, subset: str | Sequence[str] | None = None
    ) -> Self:
        """Return the rows without NULL.

        Parameters
        ----------
        how : {'any', 'all'}, default 'any'
            Drop a row if any of its values is NULL, or only if all are.
        thresh : int, optional
            Keep the rows with at least so many values that are not NULL; instead of ``how``.
        subset : str or list of str, optional
            The columns looked at; default: all.
        """
        if how is not None and thresh is not None:
            raise InvalidArgumentError(f"thresh: give how or thresh, not both; got how={how!r} and thresh={thresh!r}.")
        word = arguments.choice("any" if how is None else how, ("any", "all"), "how")
        looked_at = [self._known[name] for name in self._chosen(subset, "subset")]
        if thresh is not None:
            present = [sa.case((column.is_not(None), 1), else_=0) for column in looked_at]
            return self._where(sum(present[1:], start=present[0]) >= arguments.whole_number(thresh, 0, "thresh"))
        present_in = [column.is_not(None) for column in looked_at]
        return self._where(sa.and_(*present_in) if word == "any" else sa.or_(*present_in))

    def hasna(self, cols: str | Sequence[str] | None = None) -> bool:
        """Say whether there is a NULL in some columns, by default in any."""
        missing = [self._known[name].is_(None) for name in self._chosen(cols, "cols")]
        return bool(self._rows(sa.select(sa.literal(1)).select_from(self._source).where(sa.or_(*missing)).limit(1)))

    def fillna(self, value: float | str, subset: str | Sequence[str] | None = None) -> Self:
        """Return the same rows with NULL replaced by a value.

        Parameters
        ----------
        value : int, float, bool or str
            A number fills columns of numbers, a text columns of text (and of dates, if it is
            one), a bool columns of bools. Columns of other types stay as they are.
        subset : str or list of str, optional
            The columns that may be filled; default: all.
        """
        if not isinstance(value, (int, float, str)):
            raise ArgumentTypeError(f"value: expected a number or text, got {value!r}.")
        chosen = self._chosen(subset, "subset")
        return self._replace({name: self._filled(name, value) for name in chosen if self._fits(value, name)})

    def _filled(self, name: str, value: object) -> Expression:
        column = self._known[name]
        filling = arguments.bound(value, column.type, "value")
        kind = _wider(column.type, value)
        return sa.func.coalesce(column if kind is column.type else sa.cast(column, kind), filling, type_=kind)

    def _fits(self, value: object, name: str) -> bool:
        return arguments.fits(value, self._known[name].type)

    def _chosen(self, subset: str | Sequence[str] | None, argument: str) -> list[str]:
        return self.columns if subset is None else arguments.column_names(subset, self.columns, argument)

    # --- wrong values -------------------------------------------------------------------------

    def nullif(self, value: Any) -> Self:
        """Return the same rows with NULL in the place of a value.

        Parameters
        ----------
        value : scalar, or dict of {column: scalar}
            A scalar is looked for in every column whose type it fits.

        Raises
        ------
        InvalidArgumentError
            A value of the dict does not fit its column.
        """
        if isinstance(value, Mapping):
            return self.replace({name: {old: None} for name, old in value.items()})
        return self._mapped({name: [(value, None)] for name in self.columns if self._fits(value, name)})

    def replace(self, to_replace: Any = None, value: Any = None, regex: Any = False) -> Self:
        """Return the same rows with values replaced by others, as pandas does.

        Parameters
        ----------
        to_replace : scalar, list or dict
            ``replace(1, 2)``; ``replace([1, 2], 0)``; ``replace([1, 2], [10, 20])``;
            ``replace({1: 10, 2: 20})``; ``replace({'COL': 1}, 2)``; ``replace({'COL': {1: 10}})``.
            What names no column is looked for in every column whose type it fits.
        value : scalar or list, optional
            What comes instead. None only inside a dict, where it means NULL.
        regex : bool, str or dict, default False
            True: texts in ``to_replace`` are regular expressions, and what they match inside a
            text is replaced. A text or dict is such a ``to_replace`` itself.

        Raises
        ------
        InvalidArgumentError
            Neither ``to_replace`` nor ``regex`` is given, lists differ in length, or a value
            does not fit its column.
        """
        by_pattern = regex is True
        if regex not in (True, False):
            if to_replace is not None:
                raise InvalidArgumentError(
                    "regex: give to_replace with regex=True, or the patterns as regex, not both."
                )
            to_replace, by_pattern = regex, True
        if to_replace is None:
            raise InvalidArgumentError("to_replace: give what is to be replaced, and by what.")
        pairs = _pairs_by_column(to_replace, value, self.columns)
        return self._rewritten(pairs) if by_pattern else self._mapped(pairs)

    def _mapped(self, pairs: Mapping[str, list[tuple[Any, Any]]]) -> Self:
        changed = {}
        for name, replacements in pairs.items():
            fitting = [pair for pair in replacements if pair[0] is None or self._fits(pair[0], name)]
            if fitting:
                changed[name] = self._substituted(name, fitting)
        return self._replace(changed)

    def _substituted(self, name: str, replacements: list[tuple[Any, Any]]) -> Expression:
        column = self._known[name]
        kind: sa.types.TypeEngine[Any] = column.type
        for _, new in replacements:
            kind = _wider(kind, new)
        whens = [
            (
                column.is_(None)
                if old is None
                else column == arguments.bound(old, column.type, f"to_replace[{name!r}]"),
                arguments.bound(new, column.type, f"value for {name!r}"),
            )
            for old, new in replacements
        ]
        replaced = sa.case(*whens, else_=column)
        return sa.type_coerce(replaced, kind) if kind is column.type else sa.cast(replaced, kind)

    def _rewritten(self, pairs: Mapping[str, list[tuple[Any, Any]]]) -> Self:
        changed = {}
        for name, replacements in pairs.items():
            rewritten: Expression = self._known[name]
            if isinstance(rewritten.type, sa.String):
                for pattern, new in replacements:
                    parts = (_pattern(pattern), _text_value(new, "value"))
                    rewritten = Call("replace_matches", rewritten.type, rewritten, *parts)
                changed[name] = rewritten
        return self._replace(changed)

    # --- types --------------------------------------------------------------------------------

    def cast(self, cols: str | Sequence[str] | Mapping[str, str], new_type: str | None = None) -> Self:
        """Return the same rows with some columns converted to another type.

        Parameters
        ----------
        cols : str, list of str, or dict of {column: type}
            Columns; the dict names a type for each.
        new_type : str, optional
            A type in HANA's words, such as ``INT`` or ``NVARCHAR(20)``; required without a dict.

        Examples
        --------
        >>> from hanalife import ConnectionContext, DataSets
        >>> data, *_ = DataSets.load_diabetes_data(ConnectionContext("sqlite://"))
        >>> data.cast("AGE", "DOUBLE").dtypes(["AGE"])
        [('AGE', 'DOUBLE', 15, 15, 15, 0)]
        """
        if isinstance(cols, Mapping):
            types: dict[str, str | None] = dict(cols)
            arguments.column_names(list(types), self.columns, "cols")
        else:
            types = dict.fromkeys(arguments.column_names(cols, self.columns, "cols"), new_type)
        return self._replace({name: self._converted(name, kind) for name, kind in types.items()})

    def _converted(self, name: str, kind: str | None) -> Expression:
        kind = arguments.text(kind, "new_type")
        names.type_from_name(kind)  # raises; what is pasted below is a type's name and nothing else
        return self._sql(f"CAST(X AS {kind})", "new_type", X=self._known[name])

    def auto_cast(self, type_convert: Mapping[str, str]) -> Self:
        """Return the same rows with all columns of some types converted.

        Parameters
        ----------
        type_convert : dict of {type: type}
            ``{'DECIMAL': 'DOUBLE'}``; a type without a size stands for all its sizes.
        """
        if not isinstance(type_convert, Mapping):
            raise ArgumentTypeError(f"type_convert: expected a dict of types, got {type_convert!r}.")
        wanted = {_type_key(old): new for old, new in type_convert.items()}
        types = {}
        for name, column in self._known.items():
            full = _type_key(names.sized_name_of_type(column.type))
            new = wanted.get(full, wanted.get(full.partition("(")[0]))
            if new is not None:
                types[name] = new
        return self.cast(types) if types else self._derive(self.query)

    def to_datetime(self, cols: str | Sequence[str] | Mapping[str, str]) -> Self:
        """Return the same rows with text columns read as dates or moments.

        Parameters
        ----------
        cols : str, list of str, or dict of {column: format}
            Formats in HANA's words; default ``YYYY-MM-DD HH24:MI:SS``. One without hours gives
            DATE, one with hours TIMESTAMP.
        """
        formats = cols if isinstance(cols, Mapping) else dict.fromkeys(arguments.texts(cols, "cols"), _DATETIME_FORMAT)
        arguments.column_names(list(formats), self.columns, "cols")
        return self._replace({name: self._read_as_moment(name, layout) for name, layout in formats.items()})

    def _read_as_moment(self, name: str, layout: str) -> Expression:
        has_day, has_time = ("DD" in layout.upper(), "HH" in layout.upper())
        if not has_day:
            raise InvalidArgumentError(f"cols: the format {layout!r} of {name!r} has no day (DD).")
        quoted = "'" + layout.replace("'", "''") + "'"
        function = "TO_TIMESTAMP" if has_time else "TO_DATE"
        return self._sql(f"{function}(X, {quoted})", "cols", X=self._known[name])

    # --- texts --------------------------------------------------------------------------------

    def split_column(self, column: str, separator: str, new_column_names: str | Sequence[str]) -> Self:
        """Return all columns and new ones with the parts of a text between separators.

        Parameters
        ----------
        column : str
            A column of text.
        separator : str
            What stands between the parts.
        new_column_names : list of str
            One name a part; parts that a text does not have are NULL, and the last column
            holds all that is left.
        """
        name = arguments.one_name(column, self.columns, "column")
        if not arguments.text(separator, "separator"):
            raise InvalidArgumentError("separator: expected at least one character, got ''.")
        parts = arguments.texts(new_column_names, "new_column_names")
        arguments.fresh_names(parts, self.columns, "new_column_names")
        frame = self._project([*self._known.values(), self._known[name].label("hl_rest")])
        for part in parts[:-1]:
            frame = frame._split_once(part, separator)  # noqa: SLF001
        return frame.rename_columns({"hl_rest": parts[-1]})

    def _split_once(self, part: str, separator: str) -> Self:
        """Take the first part of ``hl_rest`` off."""
        found = {"X": self._known["hl_rest"], "S": sa.literal(separator, sa.String())}
        before = self._sql("CASE WHEN LOCATE(X, S) = 0 THEN X ELSE SUBSTRING(X, 1, LOCATE(X, S) - 1) END", **found)
        after = self._sql("CASE WHEN LOCATE(X, S) > 0 THEN SUBSTRING(X, LOCATE(X, S) + LENGTH(S)) END", **found)
        kept = [column for name, column in self._known.items() if name != "hl_rest"]
        return self._project([*kept, before.label(part), after.label("hl_rest")])

    def concat_columns(self, columns: Sequence[str], separator: str) -> Self:
        """Return all columns and one with the texts of some, joined by a separator.

        The new column is named by its columns' names with the separator between them; it is
        NULL where one of them is.
        """
        chosen = arguments.column_names(columns, self.columns, "columns")
        new = arguments.text(separator, "separator").join(chosen)
        arguments.fresh_names([new], self.columns, "columns")
        joined = self._text_of(chosen[0])
        for name in chosen[1:]:
            joined = joined.concat(sa.literal(separator, sa.String())).concat(self._text_of(name))
        return self._project([*self._known.values(), joined.label(new)])

    # --- columns that say nothing -------------------------------------------------------------

    def has_constant_columns(self) -> list[str] | Literal[False]:
        """Return the columns that hold one value in all rows (or none at all), or False."""
        counts = [sa.func.count(column.distinct()) for column in self._known.values()]
        found = self._rows(sa.select(*counts).select_from(self._source))[0]
        constant = [name for name, number in zip(self._known, found, strict=True) if number <= 1]
        return constant or False

    def drop_constant_columns(self) -> Self:
        """Return the columns that tell rows apart."""
        return self.deselect(self.has_constant_columns() or [])


def _wider(kind: sa.types.TypeEngine[Any], value: object) -> sa.types.TypeEngine[Any]:
    """Return the type that holds a column's values and one more."""
    if isinstance(kind, sa.Integer) and isinstance(value, float) and not value.is_integer():
        return sa.Double()
    return kind


def _pairs_by_column(to_replace: Any, value: Any, columns: Sequence[str]) -> dict[str, list[tuple[Any, Any]]]:
    """Bring every form of ``replace`` into one: column -> (old, new) pairs."""
    if isinstance(to_replace, Mapping) and to_replace:
        if value is not None:
            names.require(list(to_replace), columns, "to_replace")
            return {name: _pairs(old, value) for name, old in to_replace.items()}
        if all(isinstance(mapping, Mapping) for mapping in to_replace.values()):
            names.require(list(to_replace), columns, "to_replace")
            return {name: list(mapping.items()) for name, mapping in to_replace.items()}
        return {name: list(to_replace.items()) for name in columns}
    if value is None:
        raise InvalidArgumentError(
            f"value: give what comes instead of {to_replace!r}; for NULL use nullif() or a dict with None."
        )
    return {name: _pairs(to_replace, value) for name in columns}


def _pairs(old: Any, new: Any) -> list[tuple[Any, Any]]:
    if not isinstance(old, (list, tuple)):
        return [(old, new)]
    if not isinstance(new, (list, tuple)):
        return [(item, new) for item in old]
    if len(old) != len(new):
        raise InvalidArgumentError(f"value: {len(new)} values for {len(old)} in to_replace; give as many.")
    return list(zip(old, new, strict=True))


def _text_value(value: object, argument: str) -> Expression:
    return sa.literal(arguments.text(value, argument), sa.String())


def _pattern(value: object) -> Expression:
    try:
        re.compile(arguments.text(value, "to_replace"))
    except re.error as error:
        raise InvalidArgumentError(f"to_replace: {value!r} is not a regular expression: {error}.") from None
    return _text_value(value, "to_replace")


def _type_key(kind: str) -> str:
    return "".join(kind.upper().split())
