"""What makes the tests quicker and changes nothing that they see: no wait for the disk, and statements written once."""

from typing import Any

from sqlalchemy import Connection, Dialect, Engine, event

from storage import database

spares_the_disk = True
"""No test cuts the power, and what a killed process wrote stays with the kernel."""

_written: dict[str, tuple[Dialect, dict[Any, Any]]] = {}
_make_engine = database.make_engine


def install() -> None:
    """Let every engine that is made or connected from now on be of this kind."""
    database.make_engine = _make_remembering
    event.listen(Engine, "engine_connect", _spare_the_disk)


def _make_remembering(url: str) -> Engine:
    """Let all engines of a kind share what SQLAlchemy wrote: each world has one, and would write everything anew."""
    engine = _make_engine(url)
    dialect, written = _written.get(engine.dialect.name, (engine.dialect, {}))
    if not hasattr(dialect, "default_isolation_level"):  # it had no connection, which tells it
        dialect, written = _written[engine.dialect.name] = engine.dialect, {}
    engine.dialect = dialect  # it is part of the key
    engine.update_execution_options(compiled_cache=written)
    return engine


def _spare_the_disk(connection: Connection) -> None:
    if connection.dialect.name != "sqlite" or not spares_the_disk or connection.info.setdefault("spares", False):
        return
    connection.info["spares"] = True
    driver = connection.connection.driver_connection
    assert driver is not None
    driver.execute("PRAGMA synchronous=OFF")  # on the driver's connection, so that no transaction begins
