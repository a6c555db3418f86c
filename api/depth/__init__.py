"""Depth at once: an image in, one output out, nothing kept.

Knows asks, lines and deadlines. Must not know jobs, records or object stores.
"""
