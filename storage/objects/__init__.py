"""Object stores behind one protocol: S3 and files on disk; limits on who sees which keys.

Knows keys and bytes. Must not know records, Redis or HTTP requests.
"""
