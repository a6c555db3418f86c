"""Runs one job: fetch, decode, infer, render, store, end; and reuses earlier results.

Knows the order of the stages and of the writes. Must not know Celery, HTTP or datasets.
"""
