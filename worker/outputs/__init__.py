"""Depth becomes files here: one renderer per output, a function of a View.

Knows arrays and file formats. Knows no job, no store, no network and no engine.
"""
