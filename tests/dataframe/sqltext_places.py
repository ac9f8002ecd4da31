"""The corpus' table in a real SQLite file and a real PostgreSQL database."""

from __future__ import annotations

import contextlib
import uuid

import pytest
import sqlalchemy as sa

from hanalife.database import dialects
from hanalife.dataframe import expressions
from tests.dataframe.sqltext_corpus import ROWS, TABLE


class Place:
    """A database that holds the table."""

    def __init__(self, engine):
        self.engine = engine

    @property
    def dialect(self):
        return self.engine.dialect

    def columns(self):
        """Give the columns as a frame has them, those of a sub-query."""
        return {column.key: column for column in sa.select(TABLE).subquery().columns}

    def rows(self, query):
        with self.engine.connect() as connection:
            return connection.execute(query).all()

    def ids(self, condition):
        """Give the ids of the rows that meet a condition."""
        known = self.columns()
        where = expressions.condition(condition, known, self.dialect)
        return [row[0] for row in self.rows(sa.select(known["ID"]).where(where).order_by(known["ID"]))]

    def values(self, text):
        """Give the value of an expression in each row, and its type."""
        known = self.columns()
        value = expressions.parse(text, known, self.dialect)
        shown = sa.type_coerce(value, sa.Numeric(asdecimal=False)) if isinstance(value.type, sa.Numeric) else value
        query = sa.select(known["ID"], shown.label("V")).subquery()
        return [row[1] for row in self.rows(sa.select(query).order_by(query.c.ID))], value.type


@contextlib.contextmanager
def opened(url):
    """Make the table in an empty database."""
    engine = dialects.create_engine(sa.make_url(url))
    with engine.begin() as connection:
        connection.execution_options(**{dialects.WRITES: True})
        TABLE.create(connection)
        connection.execute(TABLE.insert(), ROWS)
    yield Place(engine)
    engine.dispose()


@pytest.fixture(scope="module")
def sqlite_place(tmp_path_factory):
    with opened(f"sqlite:///{tmp_path_factory.mktemp('sqltext') / 'life.db'}") as place:
        yield place


@pytest.fixture(scope="module")
def postgres_place(postgres_server):
    name = f"sqltext_{uuid.uuid4().hex}"
    admin = sa.create_engine(postgres_server.url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(sa.text(f'CREATE DATABASE "{name}"'))
    with opened(sa.make_url(postgres_server.url).set(database=name)) as place:
        yield place
    with admin.connect() as connection:
        connection.execute(sa.text(f'DROP DATABASE "{name}" WITH (FORCE)'))
    admin.dispose()


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def place(request):
    return request.getfixturevalue(f"{request.param}_place")
