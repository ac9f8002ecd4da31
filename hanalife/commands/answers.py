"""A command that opens a database, asks it something and prints the answer, as text or as JSON."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hanalife.dataframe.context import ConnectionContext

Commands = Any  # argparse's own class for this is private
Answer = tuple[Any, str, int]  # as JSON, as text, exit status


def command(
    commands: Commands, name: str, text: str, answer: Callable[[ConnectionContext, argparse.Namespace], Answer]
) -> argparse.ArgumentParser:
    """Add a command with the options that all of them have."""
    parser: argparse.ArgumentParser = commands.add_parser(name, help=text, description=text)
    parser.add_argument("--url", help="database (default: HANALIFE_URL, else sqlite:///hanalife.db)")
    parser.add_argument("--json", action="store_true", help="answer in JSON")
    parser.set_defaults(command=lambda options: _print(answer, options))
    return parser


def _print(answer: Callable[[ConnectionContext, argparse.Namespace], Answer], options: argparse.Namespace) -> int:
    from hanalife.dataframe.context import ConnectionContext

    with ConnectionContext(options.url or "") as conn:
        plain, text, status = answer(conn, options)
    print(json.dumps(plain, ensure_ascii=False, allow_nan=False, indent=2) if options.json else text)
    return status
