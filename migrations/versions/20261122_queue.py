"""The job queue (procrastinate) in a schema of its own, and room for observations."""

from collections.abc import Sequence
from importlib import resources

from alembic import op

revision: str = "20261122_queue"
down_revision: str | None = "20261122_history"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

# Its functions name their tables without a schema; a fixed search_path lets the web call them
# inside a request's transaction.
PIN_SEARCH_PATH = """
DO $$
DECLARE f regprocedure;
BEGIN
    FOR f IN SELECT p.oid::regprocedure FROM pg_proc AS p
             JOIN pg_namespace AS n ON n.oid = p.pronamespace WHERE n.nspname = 'queue'
    LOOP
        EXECUTE format('ALTER FUNCTION %s SET search_path = queue, public', f);
    END LOOP;
END $$
"""

# Months are made as data arrives; what no month holds yet goes to the default partition.
ENSURE_MONTH = """
CREATE FUNCTION etl.ensure_observation_month(month date) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    first constant date := date_trunc('month', month)::date;
    partition constant text := 'observation_' || to_char(first, 'YYYY_MM');
BEGIN
    IF to_regclass('etl.' || partition) IS NULL THEN
        EXECUTE format(
            'CREATE TABLE etl.%I PARTITION OF etl.observation FOR VALUES FROM (%L) TO (%L)',
            partition, first::timestamp AT TIME ZONE 'UTC',
            (first + interval '1 month')::timestamp AT TIME ZONE 'UTC');
    END IF;
END $$
"""


def upgrade() -> None:
    # The schema of the version that the lock pins. A newer procrastinate brings its own
    # migrations: they become a migration here, and this one then reads a frozen copy.
    schema = resources.files("procrastinate.sql").joinpath("schema.sql").read_text("utf-8")
    bind = op.get_bind()
    op.execute("CREATE SCHEMA queue")
    op.execute("SET LOCAL search_path TO queue, public")
    bind.exec_driver_sql(schema.replace("%", "%%"))
    op.execute("SET LOCAL search_path TO DEFAULT")
    op.execute(PIN_SEARCH_PATH)
    op.execute("CREATE TABLE etl.observation_other PARTITION OF etl.observation DEFAULT")
    op.execute(ENSURE_MONTH)


def downgrade() -> None:
    op.execute("DROP FUNCTION etl.ensure_observation_month(date)")
    op.execute("DROP TABLE etl.observation_other")
    op.execute("DROP SCHEMA queue CASCADE")
