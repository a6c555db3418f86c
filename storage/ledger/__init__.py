"""The Redis connection and what jobs and datasets share: changes, webhooks due, memory, restarts.

Knows Redis. Must not know pixels or HTTP.
"""
