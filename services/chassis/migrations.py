"""Alembic for every service alike: own histories in `services/<name>/migrations`, one environment."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from alembic import command, context
from alembic.config import Config
from sqlalchemy import JSON, Connection, Enum, MetaData, TypeDecorator

from services.chassis.database import Database
from services.chassis.settings import Settings, database_url

if TYPE_CHECKING:
    from services.chassis.runtime import Service

FOLDER = Path(__file__).parents[1]


def upgrade(service: Service, settings: Settings) -> None:
    """Bring the service's database to the newest schema; from nothing if it is empty, nothing to do if it is there."""
    database = Database(database_url(service.name, settings))
    with database.engine.begin() as connection:
        command.upgrade(config(service, connection), "head")
    database.dispose()


def revise(service: Service, message: str) -> None:
    """Write the migration from the newest schema to what the service's tables say now; read it before you commit it."""
    history = FOLDER / service.name / "migrations"
    history.mkdir(exist_ok=True)
    number = len(list(history.glob("[0-9]*.py"))) + 1
    with tempfile.TemporaryDirectory() as scratch:
        database = Database(f"sqlite:///{scratch}/newest.db")
        with database.engine.begin() as connection:
            command.upgrade(config(service, connection), "head")
        with database.engine.begin() as connection:
            command.revision(config(service, connection), message, autogenerate=True, rev_id=f"{number:04}")
        database.dispose()


def config(service: Service, connection: Connection) -> Config:
    """Alembic's configuration for one service, on an open connection."""
    made = Config()
    made.set_main_option("script_location", str(FOLDER / "chassis" / "alembic"))
    made.set_main_option("path_separator", "newline")
    made.set_main_option("version_locations", str(FOLDER / service.name / "migrations"))
    made.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    made.attributes["connection"] = connection
    made.attributes["metadata"] = service.metadata
    return made


def run() -> None:
    """What the environment does: migrate on the connection that was handed over."""
    given = context.config.attributes
    context.configure(
        connection=given["connection"],
        target_metadata=given["metadata"],
        render_as_batch=True,  # SQLite alters tables by copying them
        compare_type=False,  # our types render as plain ones; see _render
        include_name=compared(given["metadata"]),
        render_item=_render,
    )
    with context.begin_transaction():
        context.run_migrations()


def compared(metadata: MetaData) -> Callable[..., bool]:
    """What Alembic looks after: not the indexes that a service writes by hand, as those on expressions or of one
    database only, whose names are in its metadata's `info`."""
    by_hand = metadata.info.get("indexes_by_hand", ())
    return lambda name, kind, _: kind != "index" or name not in by_hand


def _render(kind: str, item: Any, _: object) -> str | Literal[False]:
    """A migration names plain types, so that it means the same for ever."""
    if kind == "type" and isinstance(item, TypeDecorator):
        plain = item.impl_instance
        json = "sa.JSON().with_variant(postgresql.JSONB(), 'postgresql')"
        return json if isinstance(plain, JSON) else f"sa.{plain!r}"
    if kind == "type" and isinstance(item, Enum):
        return f"sa.String({item.length})"
    return False
