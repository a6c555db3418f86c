"""Carries datasets from a request to results: plan → shards → finalize, each step under a lease.

Knows how items flow through the pipeline's computer; must not know HTTP, Celery or Redis commands.
"""
