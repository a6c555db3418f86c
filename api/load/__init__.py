"""How loaded the service is: backlog, throughput, admission, Prometheus metrics.

Knows counts and times from the ledger. Must not know callers or HTTP bodies.
"""
