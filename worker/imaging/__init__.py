"""Bytes → the network's input: decode and prepare, in disposable confined child processes.

Knows pixels and processes; must not know jobs, queues, stores or models.
"""
