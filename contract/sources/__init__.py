"""Formats of dataset sources: archive kinds and manifest rows, checked alike by API and worker.

Reads the streams it is given. Must not open files, buckets or URLs.
"""
