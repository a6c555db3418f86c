"""Celery's broker: its settings for API and worker, the Redis transport, a view of the queues.

Knows kombu and queue names. Must not know what a task does.
"""
