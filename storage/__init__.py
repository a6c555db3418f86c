"""Objects in S3 or on disk, and records in Redis.

Knows keys, records and their atomic changes. Must not know HTTP, Celery tasks or pixels.
"""
