"""Which workers are alive, which of them leads, and whether a machine's other lane is busy.

Knows names and expiry times. Must not know jobs.
"""
