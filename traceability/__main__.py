"""The command line door of products: `python -m traceability links | issue | verify | …`."""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

import click
from rich.console import Console
from rich.progress import Progress
from sqlalchemy.orm import Session

from gis.calendar import today
from gis.database import connect, make_sessions, sign_as
from gis.doors import door
from gis.errors import InvalidInputError
from gis.server.running import database_url
from gis.settings import Settings, load_settings
from traceability import lots, products
from traceability.epcis.checkpoints import (
    keep_checkpoint,
    make_checkpoint,
    read_checkpoint,
    to_text,
)
from traceability.epcis.verifying import count_events, verify
from traceability.following.recalls import recall_of
from traceability.labelling.batches import LabelFiles, Picture, print_batch
from traceability.labelling.label_sheets import SHEETS
from traceability.labelling.serials import MOST_AT_ONCE, open_batch
from traceability.linking.link_documents import register_document
from traceability.linking.links import allowed_hosts
from traceability.models import Lot, Product

_MOST_BYTES = 50_000_000


@click.group(help="Products, codes, labels and links.")
def main() -> None:
    """Run a command."""


@main.command("links")
@click.argument("file", type=click.Path(dir_okay=False, allow_dash=True, path_type=Path))
@click.option(
    "--allow-host",
    "hosts",
    multiple=True,
    metavar="HOST",
    help="A host (or host:port) that links may lead to as well; may be repeated.",
)
@door
def register_links(file: Path, hosts: tuple[str, ...]) -> None:
    """Register the resolver entries of FILE (JSON); each replaces the whole entry of its key."""
    settings = load_settings()
    document = _read_json(file)
    with _transaction(settings, "registering links") as session:
        allowed = allowed_hosts(session, (*settings.link_hosts, *hosts), _base(settings))
        registered = register_document(session, document, allowed)
    for level in registered:
        count = len(level.links)
        links = f"{count} link{'s' if count > 1 else ''}"
        click.echo(f"{level.entry.key} → {level.default.href} ({links})")
    click.echo(f"{len(registered)} {'entries' if len(registered) > 1 else 'entry'} registered.")


@main.command("issue")
@click.option("--gtin", help="The product's GTIN, of 8, 12, 13 or 14 digits.")
@click.option("--product", "product_id", type=int, help="The product's number on this platform.")
@click.option("--lot", "lot_code", help="The lot the items belong to.")
@click.option("--count", type=click.IntRange(1, MOST_AT_ONCE), required=True, help="How many.")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="Where the label sheets (PDF) go.",
)
@click.option(
    "--csv",
    "table",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The codes as a table.",
)
@click.option(
    "--pictures",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Each QR code as a picture of its own, in a .zip.",
)
@click.option("--as", "kind", type=click.Choice(["svg", "png"]), default="svg", show_default=True)
@click.option(
    "--sheet",
    type=click.Choice(list(SHEETS)),
    default="24",
    show_default=True,
    help="Labels on a page of A4, or a roll with a page for each label.",
)
@click.option(
    "--start-at",
    "start",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    help="Place of the first label on the first sheet, when some of that sheet are used up.",
)
@door
def issue(
    gtin: str | None,
    product_id: int | None,
    lot_code: str | None,
    count: int,
    out: Path,
    table: Path | None,
    pictures: Path | None,
    kind: Picture,
    sheet: str,
    start: int,
) -> None:
    """Issue serial numbers of a product and print their QR labels."""
    if (gtin is None) == (product_id is None):
        raise click.UsageError("Give either --gtin or --product.")
    named = [path.absolute() for path in (out, table, pictures) if path is not None]
    if len(set(named)) < len(named):
        raise click.UsageError("--out, --csv and --pictures name the same file.")
    if start > SHEETS[sheet].count:
        raise click.UsageError(f"The sheet {sheet} has no place {start} to start at.")
    settings = load_settings()
    base = _base(settings)
    with (
        # Inside out: serials are committed before their labels appear, never the other way round.
        _replacing(out) as sheets,
        _replacing(table) as rows,
        _replacing(pictures) as archive,
        _transaction(settings, "issuing serials") as session,
        ExitStack() as opened,
        _progress(count, "labels") as advance,
    ):
        product = _product(session, gtin, product_id)
        lot = lots.get_lot(session, product.id, lot_code) if lot_code is not None else None
        files = LabelFiles(
            pdf=opened.enter_context(sheets.open("wb")),
            table=opened.enter_context(rows.open("w", encoding="utf-8", newline="")),
            pictures=(kind, opened.enter_context(archive.open("wb"))) if pictures else None,
            sheet=sheet,
            start=start,
        )
        batch = open_batch(session, product, count, lot, created_by=_user())
        pages = print_batch(session, batch, product, lot, base, files, advance)
        doubt = _doubt(session, product, lot) if lot is not None else None
    click.echo(f"{count} codes of {product.name}: {out} (pages: {pages})")
    if table is not None:
        click.echo(f"The codes as a table: {table}")
    if pictures is not None:
        click.echo(f"The codes as pictures: {pictures}")
    if doubt is not None:
        _say(f"Warning: {doubt}.")
    if is_loopback(base):
        _say(
            f"Warning: these codes lead to {base}, which only this machine can open."
            " Set LANGBIANG_PUBLIC_URL to the public address before printing."
        )


@main.command("verify")
@click.option(
    "--checkpoint",
    "kept",
    type=click.Path(dir_okay=False, allow_dash=True, path_type=Path),
    help="A checkpoint that somebody kept: the journal must still go through it.",
)
@click.option("--seals-only", is_flag=True, help="Do not read every body anew: much faster.")
@door
def verify_journal(kept: Path | None, seals_only: bool) -> None:
    """Prove that nothing in the journal of events was altered; name the first broken link."""
    checkpoint = read_checkpoint(_read_json(kept)) if kept is not None else None
    engine = connect(
        database_url(load_settings()), application="langbiang verify", statement_timeout_s=0
    )
    # One moment of the journal, however long the proof takes and whoever captures meanwhile.
    frozen = engine.execution_options(isolation_level="REPEATABLE READ")
    try:
        with (
            make_sessions(frozen).begin() as session,
            _progress(count_events(session), "events") as advance,
        ):
            proof = verify(session, checkpoint=checkpoint, bodies=not seals_only, advance=advance)
    finally:
        engine.dispose()
    click.echo(f"The journal holds: {proof.events} events, {proof.items} items.")
    if checkpoint is not None:
        click.echo(f"It goes through the checkpoint of {checkpoint.made_on}.")
    click.echo(f"{proof.chain_hash.hex()}")


@main.command("checkpoint")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where to write it; without, beside the nightly ones under the files folder.",
)
@door
def checkpoint_journal(out: Path | None) -> None:
    """Write down where the journal ends, for third parties to keep."""
    settings = load_settings()
    with _transaction(settings, "a checkpoint") as session:
        if out is None:
            out = keep_checkpoint(session, settings.files_folder / "checkpoints")
        else:
            with _replacing(out) as part:
                part.write_text(to_text(make_checkpoint(session)), "utf-8")
    click.echo(out)


def is_loopback(address: str) -> bool:
    """Say whether an address leads to the very machine that opens it."""
    host = urlsplit(address).hostname or ""
    try:
        number = ip_address(host)
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
    return number.is_loopback or number.is_unspecified


def _product(session: Session, gtin: str | None, product_id: int | None) -> Product:
    if gtin is not None:
        return products.product_of_gtin(session, gtin)
    return products.get_product(session, product_id or 0)


def _doubt(session: Session, product: Product, lot: Lot) -> str | None:
    """Why nobody should put these labels on anything."""
    if recall_of(session, product, lot) is not None:
        return f"lot {lot.code} is recalled, and so its labels open a red page"
    if lot.expires_on is not None and lot.expires_on < today():
        return f"lot {lot.code} expired on {lot.expires_on}"
    return None


@contextmanager
def _transaction(settings: Settings, reason: str) -> Iterator[Session]:
    # 0: printing 100,000 labels holds the transaction for longer than a page may.
    engine = connect(
        database_url(settings),
        application="langbiang traceability",
        statement_timeout_s=0,
    )
    try:
        with make_sessions(engine).begin() as session:
            sign_as(session, _user(), reason)
            yield session
    finally:
        engine.dispose()


def _user() -> str:
    return os.environ.get("USER") or "command line"


@contextmanager
def _replacing(path: Path | None) -> Iterator[Path]:
    """Yield a file beside `path` that takes its place only when all went well."""
    if path is None:
        yield Path(os.devnull)
        return
    if not path.parent.is_dir():
        raise InvalidInputError(f"There is no folder {path.parent}.")
    if path.exists() and not path.is_file():
        # A pipe or /dev/null is written to: replaced, it would be gone.
        yield path
        return
    path = path.resolve()
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def _progress(count: int, what: str = "labels"):  # type: ignore[no-untyped-def]
    console = Console(stderr=True)
    if console.is_terminal:
        with Progress(console=console, transient=True) as bar:
            task = bar.add_task(what.capitalize(), total=count)
            yield lambda drawn: bar.advance(task, drawn)
        return
    done = {what: 0}

    def say(drawn: int) -> None:
        before = done[what] * 10 // count
        done[what] += drawn
        if done[what] * 10 // count > before:
            _say(f"{done[what]} of {count} {what}")

    yield say


def _base(settings: Settings) -> str:
    return settings.public_url or f"http://127.0.0.1:{os.environ.get('PORT') or 8000}"


def _read_json(file: Path) -> object:
    content = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    if len(content) > _MOST_BYTES:
        raise InvalidInputError(f"{file} is larger than {_MOST_BYTES // 10**6} MB.")
    try:
        return json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        name = "The input" if str(file) == "-" else str(file)
        raise InvalidInputError(f"{name} is not JSON in UTF-8: {error}.") from error


def _say(line: str) -> None:
    click.echo(line, err=True)


if __name__ == "__main__":
    main(prog_name="python -m traceability")
