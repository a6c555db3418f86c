"""Long polls and event streams: change notifications, and a limit on waiting requests.

Knows ids and time-outs. Must not know whether a job or a dataset is waited for.
"""
