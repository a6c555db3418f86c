"""Dataset records in Redis and dataset files in the object store; rebuilding one from the other.

Knows shards and steps. Must not know how items are computed.
"""
