"""The door of the places: the database server, its migrations, backups and exports."""

from pathlib import Path
from typing import Any

import click

from gis.backups import making as backups
from gis.backups import restoring as restores
from gis.database import connect, make_sessions
from gis.doors import door
from gis.server import running as server
from gis.server.migrating import upgrade
from gis.settings import load_settings


@click.group(help=__doc__, context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """Keep the commands together; click shows the text of the module."""


@cli.command()
@door
def up() -> None:
    """Start the private cluster (made first, if need be) and run the missing migrations."""
    settings = load_settings()
    server.start(settings)
    upgrade(settings)
    _show_status()


@cli.command()
@door
def down() -> None:
    """Stop the private cluster."""
    settings = load_settings()
    if settings.database_url:
        click.echo("The server of DATABASE_URL is not ours to stop.")
        return
    server.stop(settings)
    click.echo("The database is stopped.")


@cli.command()
@door
def status() -> None:
    """Say whether the database runs, its version, its size and its migration."""
    _show_status()


@cli.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@door
def backup(file: Path) -> None:
    """Write database, uploaded files, settings and keys into FILE (one tar, mode 0600)."""
    manifest = backups.back_up(load_settings(), file)
    size = file.stat().st_size
    click.echo(
        f"{file}: {_readable(size)}, {len(manifest.rows)} tables with"
        f" {sum(manifest.rows.values())} rows, {len(manifest.members)} parts."
    )


@cli.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@door
def restore(file: Path) -> None:
    """Verify FILE in a scratch database, then put it in the place of what is there."""
    manifest = restores.restore(load_settings(), file, click.echo)
    click.echo(
        f"Restored the state of {manifest.made_at}: {len(manifest.rows)} tables with"
        f" {sum(manifest.rows.values())} rows."
    )


@cli.command()
@click.argument("layer")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@door
def export(layer: str, file: Path) -> None:
    """Write LAYER into FILE; the ending of its name says the format."""
    # Here, because GDAL and GeoPandas take a second to load and no other command needs them.
    from gis.exports import export_layer

    engine = connect(
        server.database_url(load_settings()), application="export", statement_timeout_s=0
    )
    with make_sessions(engine).begin() as session:
        made = export_layer(session, layer, file)
    click.echo(f"{made.path}: {made.features} features.")


def _show_status() -> None:
    now = server.status(load_settings())
    facts: dict[str, Any] = {
        "database": "private cluster" if now.is_private else "server of DATABASE_URL",
        "place": now.place,
        "runs": "yes" if now.is_running else "no",
        "version": now.version,
        "size": None if now.size_bytes is None else _readable(now.size_bytes),
        "migration": now.revision or ("none" if now.is_running else None),
    }
    for name, value in facts.items():
        if value is not None:
            click.echo(f"{name + ':':<11}{value}")


def _readable(size: float) -> str:
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"


if __name__ == "__main__":
    cli(prog_name="python -m gis")
