"""Who calls and what they may do: API keys, quotas, host names, idempotency keys.

Knows request headers and counters. Must not know image data or job results.
"""
