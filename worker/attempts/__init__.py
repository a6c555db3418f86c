"""Guards an attempt at work: leases, retries of storage calls, isolation, stage times, watchdog.

Knows job ids, steps and time. Must not know pixels, outputs or what the work is.
"""
