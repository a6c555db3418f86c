"""Depth at once over HTTP, one module per call; each registers itself on import.

Knows requests and answers. Must not know Redis.
"""
