"""What a control of a front end is: a name, its arguments as text, and the change it makes in the store."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from hanalife.dataframe.context import ConnectionContext
from hanalife.errors import InvalidArgumentError

#: What it is given: the connection, and the text of each argument. What it returns is sent as JSON.
Change = Callable[[ConnectionContext, Mapping[str, str]], Any]


@dataclass(frozen=True)
class Control:
    """A change and the names of the arguments that it must and may be given."""

    change: Change
    required: tuple[str, ...]
    optional: tuple[str, ...] = ()

    def check(self, name: str, args: Mapping[str, object]) -> Mapping[str, str]:
        """Return the arguments.

        Raises
        ------
        InvalidArgumentError
            One is missing, unknown, or no text.
        """
        allowed = (*self.required, *self.optional)
        for key, value in args.items():
            if key not in allowed or not isinstance(value, str):
                raise InvalidArgumentError(
                    f"{name}: {key}={value!r} is not allowed; give text for {', '.join(allowed) or 'nothing'}."
                )
        for key in self.required:
            if key not in args:
                raise InvalidArgumentError(f"{name}: {key} is missing; give text for {', '.join(self.required)}.")
        return {key: str(value) for key, value in args.items()}
