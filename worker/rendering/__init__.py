"""Depth as the network gave it → the files that the options ask for.

Knows pixels and file formats; must not know jobs, queues, stores or models.
"""
