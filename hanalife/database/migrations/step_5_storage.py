"""Shared chunks of large bytes; what is known of model versions; aliases, tags and history."""

from __future__ import annotations

import hashlib
import json

import sqlalchemy as sa

from hanalife.database import dialects
from hanalife.database.types import JsonText, UtcDateTime, big_identity

_KEY, _ID, _WORD = sa.String(256), sa.String(64), sa.String(32)


def upgrade(connection: sa.Connection) -> None:
    """Bring the tables of the model storage from version 1 up to date."""
    for table in _new_tables():
        table.create(connection)
    dialects.store_uncompressed(sa.table("hl_chunk"), connection)
    _share_chunks(connection)
    _widen_versions(connection)


def _share_chunks(connection: sa.Connection) -> None:
    metadata = sa.MetaData()
    sa.Table("hl_blob", metadata, sa.Column("sha256", _ID, primary_key=True))  # only referred to
    chunk = sa.Table(
        "hl_chunk", metadata, sa.Column("sha256", _ID, primary_key=True), sa.Column("data", sa.LargeBinary)
    )
    old = sa.Table(
        "hl_blob_chunk_1",
        metadata,
        sa.Column("sha256", _ID, primary_key=True),
        sa.Column("seq", sa.Integer, primary_key=True),
        sa.Column("data", sa.LargeBinary),
    )
    new = sa.Table(
        "hl_blob_chunk",
        metadata,
        sa.Column("sha256", _ID, sa.ForeignKey("hl_blob.sha256"), primary_key=True),
        sa.Column("seq", sa.Integer, primary_key=True),
        sa.Column("chunk_sha256", _ID, sa.ForeignKey("hl_chunk.sha256"), nullable=False, index=True),
    )
    connection.exec_driver_sql("ALTER TABLE hl_blob_chunk RENAME TO hl_blob_chunk_1")
    new.create(connection)
    for sha256, seq in connection.execute(sa.select(old.c.sha256, old.c.seq)).all():
        here = (old.c.sha256 == sha256) & (old.c.seq == seq)
        data = bytes(connection.execute(sa.select(old.c.data).where(here)).scalar_one())
        name = hashlib.sha256(data).hexdigest()
        if connection.execute(sa.select(chunk.c.sha256).where(chunk.c.sha256 == name)).first() is None:
            connection.execute(chunk.insert().values(sha256=name, data=data))
        connection.execute(new.insert().values(sha256=sha256, seq=seq, chunk_sha256=name))
    old.drop(connection)


def _widen_versions(connection: sa.Connection) -> None:
    columns: list[sa.Column[object]] = [
        sa.Column("created_by", _KEY),
        sa.Column("dataset_hash", _ID),
        sa.Column("signature", sa.Text),
        sa.Column("metrics", sa.Text),
        sa.Column("environment", sa.Text),
        sa.Column("notes", sa.Text),
        sa.Column("card", sa.Text),
        sa.Column("schedule", sa.Text),
        sa.Column("tables", sa.Text),
    ]
    for column in columns:
        text = sa.schema.CreateColumn(column).compile(dialect=connection.dialect)
        connection.exec_driver_sql(f"ALTER TABLE hl_model_version ADD COLUMN {text}")
    connection.exec_driver_sql("CREATE INDEX ix_hl_model_version_dataset_hash ON hl_model_version (dataset_hash)")
    names = ("name", "version", "state", "signature", "tables")
    version = sa.table("hl_model_version", *(sa.column(name) for name in names))
    for name, number, text in connection.execute(sa.select(version.c.name, version.c.version, version.c.state)).all():
        state = json.loads(text)
        parts = {"tables": state.pop("tables"), "signature": state["facts"].get("signature")}
        values = {part: json.dumps(value, ensure_ascii=False) for part, value in {**parts, "state": state}.items()}
        here = (version.c.name == name) & (version.c.version == number)
        connection.execute(version.update().where(here).values(**values))
    highest = sa.select(version.c.name, sa.func.max(version.c.version)).group_by(version.c.name)
    model = sa.table("hl_model", sa.column("name"), sa.column("highest_version"))
    connection.execute(model.insert().from_select(["name", "highest_version"], highest))


def _new_tables() -> list[sa.Table]:
    metadata = sa.MetaData()
    return [
        sa.Table(
            "hl_chunk",
            metadata,
            sa.Column("sha256", _ID, primary_key=True),
            sa.Column("data", sa.LargeBinary, nullable=False),
        ),
        sa.Table(
            "hl_model",
            metadata,
            sa.Column("name", _KEY, primary_key=True),
            sa.Column("highest_version", sa.Integer, nullable=False),
        ),
        sa.Table(
            "hl_model_tag",
            metadata,
            sa.Column("name", _KEY, primary_key=True),
            sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
            sa.Column("tag", _KEY, primary_key=True),
            sa.Column("value", sa.Text, nullable=False),
        ),
        sa.Table(
            "hl_model_alias",
            metadata,
            sa.Column("name", _KEY, primary_key=True),
            sa.Column("alias", _KEY, primary_key=True),
            sa.Column("version", sa.Integer),
            sa.Column("movers", JsonText),
            sa.Column("moved_at", UtcDateTime, nullable=False),
            sa.Column("moved_by", _KEY, nullable=False),
        ),
        sa.Table(
            "hl_model_event",
            metadata,
            sa.Column("event_id", big_identity(), sa.Identity(), primary_key=True),
            sa.Column("name", _KEY, nullable=False),
            sa.Column("version", sa.Integer),
            sa.Column("alias", _KEY),
            sa.Column("event", _WORD, nullable=False),
            sa.Column("happened_at", UtcDateTime, nullable=False),
            sa.Column("happened_by", _KEY, nullable=False),
            sa.Column("note", sa.Text, nullable=False),
            sa.Column("details", JsonText, nullable=False),
            sa.Index("hl_model_event_name", "name", "alias"),
        ),
    ]
