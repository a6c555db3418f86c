"""What Redis keeps per caller: submissions counted, idempotency keys.

Knows digests of keys, never the keys themselves. Must not know HTTP.
"""
