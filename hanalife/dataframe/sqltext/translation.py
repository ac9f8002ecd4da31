"""From the parse tree to a bound expression. What has no rule here cannot reach the database."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlglot import exp

from hanalife.database import dialects
from hanalife.database.functions import Call
from hanalife.dataframe import columns as names
from hanalife.dataframe.sqltext import aggregates, functions
from hanalife.dataframe.sqltext.conversions import converted
from hanalife.dataframe.sqltext.grammar import Refusal, is_chain, operands, written
from hanalife.dataframe.sqltext.values import (
    BOOLEAN,
    DOUBLE,
    TEXT,
    Expression,
    Operand,
    kind_of,
    number,
    together,
    typed,
)
from hanalife.errors import InvalidArgumentError

Columns = Mapping[str, Expression]

_COMPARISONS: dict[type[exp.Expr], Callable[[Any, Any], Any]] = {
    exp.EQ: operator.eq,
    exp.NEQ: operator.ne,
    exp.GT: operator.gt,
    exp.GTE: operator.ge,
    exp.LT: operator.lt,
    exp.LTE: operator.le,
}
_ARITHMETIC: dict[type[exp.Expr], Callable[[Any, Any], Any]] = {
    exp.Add: operator.add,
    exp.Sub: operator.sub,
    exp.Mul: operator.mul,
}
_PARTS = {
    "YEAR": "year",
    "MONTH": "month",
    "DAY": "dayofmonth",
    "HOUR": "hour",
    "MINUTE": "minute",
    "SECOND": "second",
}
_TRIMS = {"LEADING": "ltrim", "TRAILING": "rtrim"}


class Translator:
    """Translates the parts of one text over the columns of one frame."""

    def __init__(self, columns: Columns, dialect: sa.Dialect, argument: str) -> None:
        self.columns = columns
        self.dialect = dialect
        self.argument = argument

    def value(self, node: exp.Expr) -> Expression:
        """Return the expression that a part of the tree means."""
        if is_chain(node):
            return self._chain(node)
        rule = _RULES.get(type(node))
        if rule is None:
            raise Refusal(node, "is not allowed here")
        _require_known_details(node)
        return rule(self, node)

    def operand(self, node: exp.Expr) -> Operand:
        """Return a part of the tree beside what it means."""
        return Operand(node, self.value(node))

    def _operands(self, nodes: Sequence[exp.Expr]) -> list[Operand]:
        return [self.operand(node) for node in nodes]

    def _condition(self, node: exp.Expr) -> Expression:
        return self.operand(node).condition()

    # --- names and values -----------------------------------------------------------------------

    def column(self, node: exp.Column) -> Expression:
        """Find the column of a name."""
        identifier = node.this
        if node.args.get("table") is not None or not isinstance(identifier, exp.Identifier):
            raise Refusal(node, "must be the name of a column, without that of a table")
        return names.resolve(
            identifier.name, quoted=bool(identifier.quoted), columns=self.columns, argument=self.argument
        )

    def literal(self, node: exp.Literal) -> Expression:
        """Bind a number or text."""
        return sa.literal(node.this, TEXT) if node.is_string else number(node, node.this)

    def negative(self, node: exp.Neg) -> Expression:
        """Change the sign."""
        if isinstance(node.this, exp.Literal) and not node.this.is_string:
            return number(node, "-" + node.this.this)
        value = self.operand(node.this).number()
        return typed(-value, value.type)

    # --- logic ------------------------------------------------------------------------------------

    def _chain(self, node: exp.Expr) -> Expression:
        parts = [self._condition(part) for part in operands(node)]
        return sa.and_(*parts) if isinstance(node, exp.And) else sa.or_(*parts)

    def negation(self, node: exp.Not) -> Expression:
        """Negate a condition."""
        return sa.not_(self._condition(node.this))

    def comparison(self, node: exp.Binary) -> Expression:
        """Compare two values of one kind."""
        compare = _COMPARISONS[type(node)]
        if isinstance(node.this, exp.Tuple) or isinstance(node.expression, exp.Tuple):
            return self._tuples(node)
        (left, right), _ = together([self.operand(node.this), self.operand(node.expression)])
        if compare not in (operator.eq, operator.ne):
            self._require_order(node, left)
            left = dialects.text_order(left, self.dialect)
        compared: Expression = compare(left, right)
        return compared

    def _require_order(self, node: exp.Expr, value: Expression) -> None:
        if kind_of(value) == "boolean":
            raise Refusal(node, "compares BOOLEAN values, which have no order; use = or <>")

    def _tuples(self, node: exp.Binary) -> Expression:
        if not isinstance(node, (exp.EQ, exp.NEQ)):
            raise Refusal(node, "compares lists of values, which = and <> can")
        same = self._same_tuple(node.this, node.expression)
        return same if isinstance(node, exp.EQ) else sa.not_(same)

    def _same_tuple(self, left: exp.Expr, right: exp.Expr) -> Expression:
        if not isinstance(left, exp.Tuple) or not isinstance(right, exp.Tuple):
            raise Refusal(right, f"is not a list of values as {written(left)} is")
        if len(left.expressions) != len(right.expressions):
            raise Refusal(
                right, f"has {len(right.expressions)} values, but {written(left)} has {len(left.expressions)}"
            )
        pairs = zip(left.expressions, right.expressions, strict=True)
        return sa.and_(*(operator.eq(*together(self._operands(pair))[0]) for pair in pairs))

    def null_test(self, node: exp.Is) -> Expression:
        """Say whether a value is NULL."""
        if not isinstance(node.expression, exp.Null):
            raise Refusal(node, "must be IS NULL or IS NOT NULL; compare with = or <>")
        value = self.value(node.this)
        return value.is_(sa.null())

    def membership(self, node: exp.In) -> Expression:
        """Say whether a value is one of a list."""
        if node.args.get("query") is not None or not node.expressions:
            raise Refusal(node, "must list its values: IN (1, 2, 3); join frames instead of a sub-query")
        if isinstance(node.this, exp.Tuple):
            return sa.or_(*(self._same_tuple(node.this, item) for item in node.expressions))
        (value, *items), _ = together(self._operands([node.this, *node.expressions]))
        return value.in_(items)

    def between(self, node: exp.Between) -> Expression:
        """Say whether a value lies between two."""
        (value, low, high), _ = together(self._operands([node.this, node.args["low"], node.args["high"]]))
        self._require_order(node, value)
        return dialects.text_order(value, self.dialect).between(low, high)

    def like(self, node: exp.Like, escape: exp.Expr | None = None) -> Expression:
        """Match text with a LIKE pattern."""
        sign = self.operand(escape) if escape is not None else None
        found = functions.like(self.operand(node.this), self.operand(node.expression), sign)
        return sa.not_(found) if node.args.get("negate") else found

    def escape(self, node: exp.Escape) -> Expression:
        """Match text with a LIKE pattern that has an escape sign."""
        if not isinstance(node.this, exp.Like):
            raise Refusal(node, "is not allowed: only LIKE takes ESCAPE")
        _require_known_details(node.this)
        return self.like(node.this, node.expression)

    def regexp(self, node: exp.RegexpLike) -> Expression:
        """Match text with a regular expression."""
        return functions.matches(self.operand(node.this), self.operand(node.expression))

    def case(self, node: exp.Case) -> Expression:
        """Choose by conditions, or by the value of one expression."""
        tests = [part.this for part in node.args["ifs"]]
        results = [part.args["true"] for part in node.args["ifs"]]
        default = node.args.get("default")
        if node.this is None:
            conditions = [self._condition(test) for test in tests]
        else:
            (base, *keys), _ = together(self._operands([node.this, *tests]))
            conditions = [base == key for key in keys]
        return functions.choice(conditions, self._operands(results if default is None else [*results, default]))

    # --- arithmetic and functions -------------------------------------------------------------------

    def arithmetic(self, node: exp.Binary) -> Expression:
        """Add, subtract or multiply."""
        pair = self._numbers(node)
        (left, right), kind = together(pair)
        combined: Expression = _ARITHMETIC[type(node)](left, right)
        return typed(combined, kind)

    def division(self, node: exp.Div) -> Expression:
        """Divide; the fraction is kept."""
        left, right = self._numbers(node)
        return Call("divide", DOUBLE, left.value, right.value)

    def _numbers(self, node: exp.Binary) -> list[Operand]:
        pair = self._operands([node.this, node.expression])
        for item in pair:
            if item.kind in ("date", "timestamp"):
                needed = "use ADD_DAYS, ADD_SECONDS or DAYS_BETWEEN"
                raise Refusal(node, f"is not arithmetic: {item.described()}; {needed}")
        return [Operand(item.node, item.number()) for item in pair]

    def modulo(self, node: exp.Mod) -> Expression:
        """Return the remainder."""
        return functions.modulo(*self._operands([node.this, node.expression]))

    def concatenation(self, node: exp.DPipe) -> Expression:
        """Join two texts."""
        return functions.concatenated(*self._operands([node.this, node.expression]))

    def cast(self, node: exp.Cast) -> Expression:
        """Change the type."""
        return converted(self.operand(node.this), self._type(node.to))

    def _type(self, node: exp.DataType) -> sa.types.TypeEngine[Any]:
        try:
            return names.type_from_name(written(node))
        except InvalidArgumentError:
            raise Refusal(node, "is not a type that a value can be cast to") from None

    def extract(self, node: exp.Extract) -> Expression:
        """Take a part of a moment."""
        part = _PARTS.get(node.name.upper())
        if part is None:
            raise Refusal(node, f"takes one of {', '.join(_PARTS)} out of a moment")
        return functions.part_of(part)(self.operand(node.expression))

    def trim(self, node: exp.Trim) -> Expression:
        """Cut signs off the ends of a text."""
        signs = [self.operand(node.expression)] if node.expression is not None else []
        return functions.trimmed(_TRIMS.get(node.args.get("position") or "", "trim"))(self.operand(node.this), *signs)

    def call(self, node: exp.Anonymous) -> Expression:
        """Call a function of the list."""
        name = _name_of(node)
        if name in aggregates.WINDOW_ONLY:
            raise Refusal(node, "needs a window: add OVER (ORDER BY ...)")
        if name in aggregates.NAMES:
            raise Refusal(node, "is an aggregate of all rows: use agg(), or add OVER (...)")
        if name not in functions.FUNCTIONS:
            return functions.called(node, name, [])
        return functions.called(node, name, self._operands(node.expressions))

    def group_concat(self, node: exp.GroupConcat) -> Expression:
        """Refuse an aggregate of all rows."""
        raise Refusal(node, "is an aggregate of all rows: use agg(), or add OVER (...)")

    # --- windows ------------------------------------------------------------------------------------

    def window(self, node: exp.Window) -> Expression:
        """Compute over a window of rows."""
        if node.args.get("alias") is not None:
            raise Refusal(node, "must have its window in brackets: OVER (PARTITION BY ... ORDER BY ...)")
        function = self._window_function(node)
        partition = [self.value(part) for part in node.args.get("partition_by") or []]
        order = node.args.get("order")
        keys = [self._sort_key(key) for key in order.expressions] if order is not None else []
        rows = self._frame(node.args["spec"]) if node.args.get("spec") is not None else None
        over = function.function.over(partition_by=partition or None, order_by=keys or None, rows=rows)
        return function.finish(over)

    def _window_function(self, node: exp.Window) -> aggregates.Aggregate:
        inner = node.this
        if isinstance(inner, exp.GroupConcat):
            if isinstance(inner.this, exp.Order):
                raise Refusal(inner, "has two orders; leave out the one inside of STRING_AGG")
            parts = [part for part in (inner.this, inner.args.get("separator")) if part is not None]
            return aggregates.window_function(inner, "STRING_AGG", self._operands(parts), self.dialect)
        if not isinstance(inner, exp.Anonymous):
            raise Refusal(inner, "is not a window function that is allowed")
        parts = list(inner.expressions)
        if any(isinstance(part, (exp.Distinct, exp.Order)) for part in parts):
            raise Refusal(inner, "takes no DISTINCT and no ORDER BY inside when it has OVER")
        name = _name_of(inner)
        if len(parts) == 1 and isinstance(parts[0], exp.Star) and name == "COUNT":
            parts = []
        return aggregates.window_function(inner, name, self._operands(parts), self.dialect)

    def _sort_key(self, node: exp.Ordered) -> Expression:
        key = dialects.text_order(self.value(node.this), self.dialect)
        _require_known_details(node)
        first = bool(node.args.get("nulls_first"))
        ordered = key.desc() if node.args.get("desc") else key.asc()
        return ordered.nulls_first() if first else ordered.nulls_last()

    def _frame(self, node: exp.WindowSpec) -> tuple[int | None, int | None]:
        _require_known_details(node)
        if node.args.get("kind") != "ROWS":
            raise Refusal(node, "must be ROWS BETWEEN ... AND ...")
        return self._limit(node, "start"), self._limit(node, "end")

    def _limit(self, node: exp.WindowSpec, which: str) -> int | None:
        limit, side = node.args.get(which), node.args.get(f"{which}_side")
        if limit in (None, "CURRENT ROW"):
            return 0
        if limit == "UNBOUNDED":
            return None
        if not isinstance(limit, exp.Literal) or limit.is_string or not limit.this.isdigit():
            raise Refusal(node, "must count its rows by whole numbers")
        return -int(limit.this) if side == "PRECEDING" else int(limit.this)


def _name_of(node: exp.Anonymous) -> str:
    if not isinstance(node.this, str):
        raise Refusal(node, "is not a function: its name is in quotes")
    return node.this.upper()


#: The parts of a node that its rule regards, where they are not just ``this`` and ``expression``.
_DETAILS: dict[type[exp.Expr], set[str]] = {
    exp.Anonymous: {"this", "expressions"},
    exp.Between: {"this", "low", "high"},
    exp.Case: {"this", "ifs", "default"},
    exp.Cast: {"this", "to"},
    exp.Column: {"this", "table"},
    exp.DPipe: {"this", "expression", "safe"},
    exp.GroupConcat: {"this", "separator"},
    exp.In: {"this", "expressions", "query"},
    exp.Like: {"this", "expression", "negate"},
    exp.Literal: {"this", "is_string"},
    exp.Ordered: {"this", "desc", "nulls_first"},
    exp.Trim: {"this", "expression", "position"},
    exp.Window: {"this", "partition_by", "order", "spec", "over", "alias"},
    exp.WindowSpec: {"kind", "start", "start_side", "end", "end_side"},
}


def _require_known_details(node: exp.Expr) -> None:
    """Refuse a node with a part that no rule looks at: ``NOT LIKE`` is ``LIKE`` with one more part."""
    regarded = _DETAILS.get(type(node), {"this", "expression"})
    unknown = sorted(key for key, part in node.args.items() if part and key not in regarded)
    if unknown:
        raise Refusal(node, f"has a part that is not allowed: {unknown[0].replace('_', ' ').upper()}")


_RULES: dict[type[exp.Expr], Callable[[Translator, Any], Expression]] = {
    exp.Paren: lambda self, node: self.value(node.this),
    exp.Column: Translator.column,
    exp.Literal: Translator.literal,
    exp.National: lambda _, node: sa.literal(node.this, TEXT),
    exp.Null: lambda _self, _node: sa.null(),
    exp.Boolean: lambda _, node: sa.literal(bool(node.this), BOOLEAN),
    exp.Neg: Translator.negative,
    exp.Not: Translator.negation,
    exp.Is: Translator.null_test,
    exp.In: Translator.membership,
    exp.Between: Translator.between,
    exp.Like: Translator.like,
    exp.Escape: Translator.escape,
    exp.RegexpLike: Translator.regexp,
    exp.Case: Translator.case,
    exp.Div: Translator.division,
    exp.Mod: Translator.modulo,
    exp.DPipe: Translator.concatenation,
    exp.Cast: Translator.cast,
    exp.Extract: Translator.extract,
    exp.Trim: Translator.trim,
    exp.Anonymous: Translator.call,
    exp.GroupConcat: Translator.group_concat,
    exp.Window: Translator.window,
    exp.CurrentDate: lambda _self, _node: functions.current_date(),
    exp.CurrentTimestamp: lambda _self, _node: functions.current_timestamp(),
    **dict.fromkeys(_COMPARISONS, Translator.comparison),
    **dict.fromkeys(_ARITHMETIC, Translator.arithmetic),
}
