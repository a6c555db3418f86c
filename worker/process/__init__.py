"""Composes one worker process and runs it: Celery app, parts, background threads, health port.

The only package that sees all others. Must not hold the logic of a job, a dataset or a chore.
"""
