"""What a notebook reads before it connects: a file with the address, and how much is logged."""

from __future__ import annotations

import configparser
import logging

from hanalife.dataframe import arguments
from hanalife.errors import InvalidArgumentError

_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warn": logging.WARNING, "error": logging.ERROR}


def level_of(word: str) -> int:
    """Return the level of a log by hana_ml's word for it."""
    return _LEVELS[arguments.choice(word, tuple(_LEVELS), "level")]


class Settings:
    """Readers of settings, as notebooks for SAP HANA use them."""

    @staticmethod
    def load_config(config_file: str, tag: str = "hana") -> tuple[str, int, str, str]:
        """Read ``(url, port, user, passwd)`` from a section of an ini file, for :class:`ConnectionContext`.

        Parameters
        ----------
        config_file : str
            Path of the file. Its section has the keys ``url`` (a database URL will do alone),
            ``port``, ``user`` and ``passwd``; one that is missing is ``''``, or 0 for the port.
        tag : str, default 'hana'
            The section.

        Raises
        ------
        InvalidArgumentError
            The file cannot be read, or has no such section.
        """
        parser = configparser.ConfigParser(interpolation=None)
        try:
            if not parser.read(config_file, "utf-8"):
                raise FileNotFoundError
            section = parser[tag]
            return section.get("url", ""), section.getint("port", 0), section.get("user", ""), section.get("passwd", "")
        except OSError:
            raise InvalidArgumentError(f"config_file: cannot read {config_file!r}.") from None
        except KeyError:
            sections = ", ".join(parser.sections()) or "none"
            raise InvalidArgumentError(f"tag: no section {tag!r} in {config_file!r}; it has: {sections}.") from None
        except (configparser.Error, ValueError) as error:
            # The error's own text may show a line of the file, and that line a password.
            kind = type(error).__name__
            raise InvalidArgumentError(
                f"config_file: {config_file!r} is not an ini file of settings ({kind})."
            ) from None

    @staticmethod
    def set_log_level(level: str = "info") -> None:
        """Set the level of all logs of this package: 'debug', 'info', 'warn' or 'error'."""
        logging.getLogger("hanalife").setLevel(level_of(level))
