"""SAP HANA's dialect, to compile for a database that is not here.

``sqlalchemy-hana`` imports its proprietary driver when it is imported. Nothing of the driver is
needed to write SQL, so an empty module stands in for it during the import.
"""

from __future__ import annotations

import importlib
import os
import sys
from types import ModuleType
from unittest import mock

import pytest


def hana_dialect():
    """Return the dialect, or skip where the package is not installed; on CI that is a failure."""
    driver, dbapi = ModuleType("hdbcli"), ModuleType("hdbcli.dbapi")
    driver.dbapi, dbapi.Error, dbapi.Connection = dbapi, Exception, object
    stand_ins = {} if importlib.util.find_spec("hdbcli") else {"hdbcli": driver, "hdbcli.dbapi": dbapi}
    if importlib.util.find_spec("sqlalchemy_hana") is None:
        reason = "no sqlalchemy-hana: pip install --no-deps sqlalchemy-hana"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
    with mock.patch.dict(sys.modules, stand_ins):
        dialect = importlib.import_module("sqlalchemy_hana.dialect").HANAHDBCLIDialect()
    # What connecting would find out.
    dialect.supports_native_boolean = True
    return dialect
