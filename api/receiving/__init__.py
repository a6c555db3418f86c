"""Reads request bodies, parameters and headers within limits.

Knows multipart and byte counts. Must not know queues or records; decodes no pixels.
"""
