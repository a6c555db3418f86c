"""What a dataset consists of: sources, items, file layouts, index, and dry runs.

Knows items and the pipeline's computer. Must not know HTTP, Celery or Redis commands.
"""
