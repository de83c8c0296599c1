-- Purpose: put one job into procrastinate's queue within the caller's transaction.
-- Parameters: task (name), lock (jobs of one lock run one after the other; may be null),
--   arguments (JSON object as text).
-- Result: the job's number. Index: none.
SELECT queue.procrastinate_defer_jobs_v1(
    ARRAY[
        ROW('default', :task, 0, :lock, NULL, CAST(:arguments AS jsonb), NULL)
        ::queue.procrastinate_job_to_defer_v1
    ]
)
