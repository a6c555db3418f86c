"""Records of runs in Redis and their files in the object store; rebuilding one from the other.

Knows shards and steps. Must not know how items are computed.
"""
