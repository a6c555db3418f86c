"""Where bytes and job records rest: objects in S3 or on disk, the job ledger in Redis.

Knows keys, records and their atomic changes. Knows nothing of HTTP, Celery tasks or pixels.
"""
