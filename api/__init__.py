"""The HTTP API: checks submissions, stores them, enqueues them and reports their state.

Knows flask and `contract`. Must not know workers, engines or pixels.
"""
