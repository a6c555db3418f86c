"""Datasets over HTTP: accept, poll, documents, dry runs.

Knows dataset records and files. Must not list sources or run items; workers do.
"""
