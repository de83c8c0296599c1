"""The door of data: bring files into the database and take data out of it."""
# Each command imports what it needs when it is called: all of it together takes three seconds.

import getpass
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar
from sqlalchemy.orm import Session, sessionmaker

from etl.encodings import CHOICES
from etl.targets import TARGETS
from gis.database import connect, make_sessions
from gis.doors import door
from gis.errors import InvalidInputError
from gis.layers import LAYERS
from gis.server.running import database_url
from gis.settings import load_settings
from gis.zonal import STATISTICS, Rule


def open_sessions() -> sessionmaker[Session]:
    """Connect for bulk work: no statement is cancelled for taking long."""
    url = database_url(load_settings())
    return make_sessions(connect(url, application="etl", statement_timeout_s=0, pool_size=2))


def check_report(path: Path | None) -> None:
    """See that a report can be written there, before anything is done.

    Raises:
        InvalidInputError: When its folder is not there.
    """
    if path is not None and not path.absolute().parent.is_dir():
        raise InvalidInputError(f"--report {path}: its folder is not there.")


def write_report(path: Path | None, report: dict[str, Any]) -> None:
    """Write the report file, if one is wanted; the summary is on stdout anyway."""
    if path is not None:
        text = json.dumps(report, ensure_ascii=False, indent=1)
        path.write_text(text + "\n", encoding="utf-8")


@contextmanager
def show_progress() -> Iterator[Callable[[str, int, int | None], None]]:
    """Show a bar on a terminal, and plain lines elsewhere; both on stderr."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _plain_lines()
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Bar(*columns, TimeElapsedColumn(), console=console, transient=True) as bar:
        task = bar.add_task("read", total=None)

        def show(step: str, done: int, total: int | None) -> None:
            bar.update(task, description=step, completed=done, total=total)

        yield show


def _plain_lines() -> Callable[[str, int, int | None], None]:
    shown: dict[str, int] = {}

    def show(step: str, done: int, total: int | None) -> None:
        # One line for each step, and for each 50 000 rows of a long one.
        if step not in shown or done - shown[step] >= 50_000:
            shown[step] = done
            click.echo(f"{step}: {done}" + (f" of {total}" if total else ""), err=True)

    return show


@click.group(help=__doc__, context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """Keep the commands together; click shows the text of the module."""


@cli.command()
@click.argument("layer", type=click.Choice([*TARGETS, "products"]))
@click.argument("file")
@click.option("--source-layer", metavar="NAME", help="Layer or sheet of the file.")
@click.option("--crs", metavar="EPSG:n", help="Coordinate system of the file's coordinates.")
@click.option("--encoding", type=click.Choice(CHOICES), default="auto", show_default=True)
@click.option("--map", "mapping", metavar="from=to", multiple=True, help="File field=layer field.")
@click.option("--key", metavar="FIELD", help="File field that identifies a row in its source.")
@click.option("--valid-from", type=click.DateTime(["%Y-%m-%d"]), help="First day of the units.")
@click.option("--anywhere", is_flag=True, help="Admit rows outside Vietnam.")
@click.option("--repair", is_flag=True, help="Mend invalid geometries, each listed.")
@click.option("--dry-run", is_flag=True, help="Report only; write nothing.")
@click.option("--report", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE.json")
@door
def load(
    layer: str,
    file: str,
    source_layer: str | None,
    crs: str | None,
    encoding: str,
    mapping: tuple[str, ...],
    key: str | None,
    valid_from: datetime | None,
    anywhere: bool,
    repair: bool,
    dry_run: bool,
    report: Path | None,
) -> None:
    """Load FILE, a vector or table file, into LAYER."""
    from etl.loading import load_file
    from etl.options import LoadOptions

    options = LoadOptions(
        source_layer=source_layer,
        crs=crs,
        encoding=encoding,
        mapping=mapping,
        key=key,
        valid_from=valid_from.date() if valid_from else None,
        anywhere=anywhere,
        repair=repair,
        dry_run=dry_run,
        actor=_who(),
    )
    check_report(report)
    with open_sessions().begin() as session, show_progress() as progress:
        done = load_file(session, layer, file, options, progress)
    write_report(report, done.as_json())
    click.echo("\n".join(done.lines()))


_REPORT = click.option(
    "--report",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE.json",
    help="Write the whole report there.",
)


@cli.command()
@click.argument("dataset")
@click.argument("files", nargs=-1, required=True, metavar="FILE…")
@click.option(
    "--describe",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE.toml",
    help="What guessing cannot know: time, zone, subject, variables, units, licence.",
)
@click.option("--sheet", metavar="NAME", help="Sheet of a workbook; else the first.")
@click.option("--encoding", type=click.Choice(CHOICES), default="auto", show_default=True)
@_REPORT
@door
def observations(
    dataset: str,
    files: tuple[str, ...],
    describe: Path | None,
    sheet: str | None,
    encoding: str,
    report: Path | None,
) -> None:
    """Load table FILEs of sensors or trials into DATASET as tidy observations."""
    from etl.descriptions import Description, read_description
    from etl.observation_report import merge_reports
    from etl.observations import load_observations

    about = read_description(describe) if describe else Description()
    with open_sessions().begin() as session, show_progress() as progress:
        done = [
            load_observations(
                session,
                dataset,
                file,
                about=about,
                sheet=sheet,
                encoding=encoding,
                actor=_who(),
                progress=progress,
            )
            for file in files
        ]
    reports = [one.to_json() for one in done]
    write_report(report, reports[0] if len(reports) == 1 else merge_reports(reports))
    for one in done:
        click.echo("\n".join(one.lines()))


@cli.command()
@click.argument("file")
@click.option("--id", "code", metavar="ID", help="What to call the scene; else the file's name.")
@click.option("--datetime", "acquired", metavar="T", help="When it was taken, ISO 8601.")
@click.option("--crs", metavar="EPSG:n", help="Coordinate system, where the file has none.")
@_REPORT
@door
def scene(
    file: str, code: str | None, acquired: str | None, crs: str | None, report: Path | None
) -> None:
    """Register FILE, a raster, as a scene."""
    from etl.instants import parse_instant
    from etl.scenes import register_scene

    with open_sessions().begin() as session:
        done = register_scene(
            session,
            file,
            folder=load_settings().files_folder,
            code=code,
            acquired_at=parse_instant(acquired) if acquired else None,
            crs=crs,
            actor=_who(),
        )
    write_report(report, done.to_json())
    click.echo("\n".join(done.lines()))


@cli.command()
@click.option("--scene", "code", required=True, metavar="ID")
@click.option("--layer", required=True, metavar="LAYER")
@click.option("--band", type=click.IntRange(1), default=1, show_default=True)
@click.option(
    "--stats",
    default="count,mean,min,max,sum,std",
    show_default=True,
    help=f"Of {','.join(STATISTICS)}.",
)
@click.option("--rule", type=click.Choice([*Rule]), default=Rule.CENTRE, show_default=True)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE.csv|parquet")
@_REPORT
@door
def zonal(
    code: str,
    layer: str,
    band: int,
    stats: str,
    rule: Rule,
    out: Path | None,
    report: Path | None,
) -> None:
    """Take statistics of a scene inside the features of a layer."""
    from etl.statistics import compute_statistics, write_table

    with open_sessions().begin() as session:
        done = compute_statistics(
            session,
            code,
            layer,
            folder=load_settings().files_folder,
            band=band,
            rule=Rule(rule),
            statistics=[name.strip() for name in stats.split(",") if name.strip()],
            actor=_who(),
        )
        if out is not None:
            write_table(done, out)
    write_report(report, done.to_json())
    click.echo("\n".join(done.lines()))


@cli.command()
@click.argument("layer", type=click.Choice([*LAYERS]))
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="A folder that gets a copy; the snapshot itself stays in the files folder.",
)
@_REPORT
@door
def snapshot(layer: str, out: Path | None, report: Path | None) -> None:
    """Write LAYER as a dated, citable GeoParquet file."""
    from etl.snapshots import take_snapshot

    with open_sessions().begin() as session:
        done = take_snapshot(
            session, layer, folder=load_settings().files_folder, out=out, actor=_who()
        )
    write_report(report, done.to_json())
    click.echo("\n".join(done.lines()))


@cli.command()
@door
def worker() -> None:
    """Do the work that waits in the queue, until SIGTERM."""
    from etl.worker import run_worker

    run_worker(load_settings())


@cli.command()
@door
def demo() -> None:
    """Add the demo data that is not there yet; nothing is overwritten."""
    from etl.demo.loading import load_demo
    from etl.demo.products import example_link
    from gis.calendar import today

    settings = load_settings()
    base = settings.public_url or "http://127.0.0.1:8000"
    with open_sessions().begin() as session:
        added = load_demo(session, today(), settings.files_folder, base)
        example = example_link(session)
    for kind, count in added.items():
        if count:
            click.echo(f"{kind}: {count}")
    if not any(added.values()):
        click.echo("The demo is loaded already; nothing changed.")
    click.echo(f"A code to scan: {example}")


def _who() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "etl"


if __name__ == "__main__":
    cli(prog_name="python -m etl")
