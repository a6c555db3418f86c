"""The HTTP front: check, keep, enqueue, report.

Knows flask and the words of `contract`; must not know workers, engines or pixels.
"""
