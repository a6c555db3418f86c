"""Names that cross a process boundary: queues and tasks, Redis keys, object keys.

Changing one breaks a rolling upgrade. Does no I/O.
"""
