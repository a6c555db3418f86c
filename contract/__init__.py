"""Definitions that all packages share: jobs, options, names, errors, settings.

Does no I/O. Must not know Redis, S3, HTTP or pixels.
"""
