"""Computes requests of which nothing is kept, beside the jobs, in the same batches.

Knows asks and lines. Must not know jobs, records, object stores or HTTP.
"""
