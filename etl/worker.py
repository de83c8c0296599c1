"""The worker: does what waits in the queue (procrastinate, schema `queue`), on one machine or ten.

Whoever asks for work makes an `etl.run` and defers a task by its name in the same transaction
(`etl.queries`), so a request that fails leaves no job and a job always has its run. A task opens
its own transactions; what goes wrong is written into the run as one sentence.
"""

import asyncio
import logging
import signal
import time
from datetime import UTC, datetime
from pathlib import Path

import procrastinate
import psycopg
import psycopg_pool
from sqlalchemy import text
from sqlalchemy.orm import Session, sessionmaker

from etl.attachment_requests import CHECK_ATTACHMENT, remove_attachment
from etl.attachments import clean_attachments, run_check
from etl.code_changes import run_change
from etl.code_requests import CHANGE_CODES
from etl.export_requests import WRITE_EXPORT
from etl.exporting import run_export
from etl.fetching import Fetcher
from etl.import_requests import LOAD_IMPORT, PREVIEW_IMPORT
from etl.importing import clean_up, run_load, run_preview
from etl.journal import tend_journal
from etl.label_requests import PRINT_LABELS
from etl.labels import run_labels
from etl.link_checks import CHECK_LISTINGS, LinkChecker, user_agent
from etl.listing_mapping import run_applying, run_reading
from etl.listing_requests import APPLY_LISTINGS, READ_LISTINGS
from etl.models import Run
from etl.queries import WRITE_SNAPSHOT
from etl.sheet_requests import DRAW_SHEETS
from etl.sheets import run_sheets
from etl.snapshots import public_layers, take_snapshot
from gis.calendar import local_day
from gis.database import connect, make_sessions
from gis.errors import PlatformError, UnavailableError
from gis.server.running import database_url
from gis.settings import Settings
from traceability.reporting.reports import erase_contacts, release_photos
from traceability.scanning.scans import forget_writers
from traceability.scanning.suspicions import examine

log = logging.getLogger(__name__)

# procrastinate reads cron lines in UTC: 02:15 in Vietnam, when nobody edits.
_NIGHTLY = "15 19 * * *"
_HOURLY = "7 * * * *"
_EACH_MINUTE = "* * * * *"
_EVERY_FIVE_MINUTES = "*/5 * * * *"
_RETRY_S = 5
_OUTAGES = (
    psycopg.OperationalError,
    psycopg_pool.PoolTimeout,
    procrastinate.exceptions.ConnectorException,
)


def make_app(
    url: str, sessions: sessionmaker[Session], folder: Path, public_url: str | None = None
) -> procrastinate.App:
    """Make the queue's application with its tasks.

    Args:
        url: Address of the database, where schema `queue` is.
        sessions: Where tasks get their transactions.
        folder: The files folder.
        public_url: The site's address, by which the check of links says who asks.
    """
    _, _, rest = url.partition("://")
    connector = procrastinate.PsycopgConnector(
        conninfo=f"postgresql://{rest}",
        min_size=1,
        max_size=4,
        kwargs={
            "application_name": "langbiang worker",
            "options": "-c search_path=queue,public -c timezone=UTC",
            "connect_timeout": 5,
        },
    )
    app = procrastinate.App(connector=connector)

    @app.task(name=WRITE_SNAPSHOT)
    def write_snapshot(run_id: int, layer: str) -> None:
        run_snapshot(sessions, folder, run_id, layer)

    @app.task(name=PREVIEW_IMPORT)
    def preview_import(import_id: int, attempt: int) -> None:
        run_preview(sessions, folder, import_id, attempt)

    @app.task(name=LOAD_IMPORT)
    def load_import(import_id: int) -> None:
        run_load(sessions, folder, import_id)

    @app.task(name=WRITE_EXPORT)
    def write_export(export_id: int) -> None:
        run_export(sessions, folder, export_id)

    @app.periodic(cron=_HOURLY)
    @app.task(name="etl.clean_up", queueing_lock="etl.clean_up")
    def forget_stale_files(timestamp: int) -> None:
        clean_up(sessions, folder, datetime.fromtimestamp(timestamp, UTC))
        clean_attachments(sessions, folder, datetime.fromtimestamp(timestamp, UTC))

    checker = LinkChecker(sessions, Fetcher(user_agent(public_url)))

    @app.periodic(cron=_EVERY_FIVE_MINUTES)
    @app.task(name=CHECK_LISTINGS, queueing_lock=CHECK_LISTINGS, lock=CHECK_LISTINGS)
    def check_listings(timestamp: int) -> None:
        checker.run(datetime.fromtimestamp(timestamp, UTC))

    @app.task(name=READ_LISTINGS)
    def read_listings(run_id: int) -> None:
        run_reading(sessions, folder, run_id)

    @app.task(name=APPLY_LISTINGS)
    def apply_listings(run_id: int) -> None:
        run_applying(sessions, run_id)

    @app.task(name=CHECK_ATTACHMENT)
    def check_attachment(attachment_id: int) -> None:
        run_check(sessions, folder, attachment_id)

    @app.task(name=DRAW_SHEETS)
    def draw_map_sheets(run_id: int) -> None:
        run_sheets(sessions, folder, run_id)

    @app.task(name=PRINT_LABELS)
    def print_labels(run_id: int) -> None:
        run_labels(sessions, folder, run_id)

    @app.task(name=CHANGE_CODES)
    def change_codes(run_id: int) -> None:
        run_change(sessions, run_id)

    @app.periodic(cron=_EACH_MINUTE)
    @app.task(name="etl.examine_scans", queueing_lock="etl.examine_scans")
    def examine_scans(timestamp: int) -> None:
        log.debug("examining scans, due at %s", timestamp)
        while True:
            with sessions.begin() as session:
                if not examine(session):
                    forget_writers(session)
                    return

    @app.periodic(cron=_NIGHTLY)
    @app.task(name="etl.snapshot_public_layers", queueing_lock="etl.snapshot_public_layers")
    def snapshot_public_layers(timestamp: int) -> None:
        log.info("nightly snapshots, due at %s", timestamp)
        for layer in public_layers():
            with sessions.begin() as session:
                take_snapshot(session, layer.id, folder=folder, actor="worker")

    @app.periodic(cron=_NIGHTLY)
    @app.task(name="etl.tend_journal", queueing_lock="etl.tend_journal")
    def tend_event_journal(timestamp: int) -> None:
        path = tend_journal(sessions, folder, datetime.fromtimestamp(timestamp, UTC))
        log.info("checkpoint of the journal: %s", path)

    @app.periodic(cron=_NIGHTLY)
    @app.task(name="etl.erase_contacts", queueing_lock="etl.erase_contacts")
    def erase_report_contacts(timestamp: int) -> None:
        day = local_day(datetime.fromtimestamp(timestamp, UTC))
        with sessions.begin() as session:
            log.info("contacts of reporters erased: %s", erase_contacts(session, day))
            for attachment_id in release_photos(session, day):
                remove_attachment(session, attachment_id)

    @app.periodic(cron=_HOURLY)
    @app.task(name="etl.fold_layer_changes", queueing_lock="etl.fold_layer_changes")
    def fold_layer_changes(timestamp: int) -> None:
        log.info("folding layer changes, due at %s", timestamp)
        with sessions.begin() as session:
            session.execute(text("SELECT gis.fold_layer_changes()"))

    @app.periodic(cron=_EVERY_FIVE_MINUTES)
    @app.task(name="etl.retry_stalled", queueing_lock="etl.retry_stalled", pass_context=True)
    async def retry_stalled(context: procrastinate.JobContext, timestamp: int) -> None:
        """Give back what a killed worker left half done; all tasks may be done twice."""
        for job in await app.job_manager.get_stalled_jobs():
            if job.id != context.job.id:
                log.warning("job %s was left by a worker that died before %s", job.id, timestamp)
                await app.job_manager.retry_job(job)

    return app


def run_snapshot(sessions: sessionmaker[Session], folder: Path, run_id: int, layer: str) -> None:
    """Take the snapshot that a run asks for, and write into the run what came of it."""
    with sessions.begin() as session:
        run = session.get(Run, run_id)
        if run is None or run.state == "done":
            return
        run.state = "running"
    try:
        with sessions.begin() as session:
            take_snapshot(
                session, layer, folder=folder, run=session.get_one(Run, run_id), actor="worker"
            )
    except Exception as error:
        sentence = (
            error.detail if isinstance(error, PlatformError) else "Unexpected error; see log."
        )
        with sessions.begin() as session:
            failed = session.get_one(Run, run_id)
            failed.state, failed.error = "failed", sentence
            failed.finished_at = datetime.now(UTC)
        raise


def run_worker(settings: Settings) -> None:
    """Work until SIGTERM or SIGINT; a job that runs is finished first.

    While the database is away the worker waits for it.

    Raises:
        UnavailableError: There is no database to begin with.
    """
    url = database_url(settings)
    engine = connect(url, application="langbiang worker", statement_timeout_s=0, pool_size=2)
    # Ctrl-C in a shell that started us in the background is ignored unless we ask for it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, _leave)
    try:
        with engine.connect() as connection:
            if connection.execute(text("SELECT to_regclass('queue.procrastinate_jobs')")).scalar():
                log.info("the worker is ready")
            else:
                raise UnavailableError("The database has no queue yet: run python -m gis up.")
        while True:
            app = make_app(url, make_sessions(engine), settings.files_folder, settings.public_url)
            try:
                asyncio.run(_work(app))
            except _OUTAGES as error:
                log.warning("the database is away, trying again: %s", error)
                time.sleep(_RETRY_S)
            else:
                return
    except KeyboardInterrupt:
        return
    finally:
        engine.dispose()


async def _work(app: procrastinate.App) -> None:
    async with app.open_async():
        await app.run_worker_async(delete_jobs="successful", shutdown_graceful_timeout=30)


def _leave(_signal: int, _frame: object) -> None:
    """Leave as on Ctrl-C where procrastinate's own handlers are not in place."""
    raise KeyboardInterrupt
