"""Object stores behind one protocol: S3, files on disk, memory; limits on who sees which keys.

Knows keys and bytes. Must not know records, Redis or HTTP requests.
"""
