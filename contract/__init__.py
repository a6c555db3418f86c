"""The words all rooms share: jobs, options, names, errors, settings.

Knows nothing of Redis, S3, HTTP or pixels, and does no I/O.
"""
