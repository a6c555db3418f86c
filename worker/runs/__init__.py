"""Runs a dataset in steps under leases: plan shards, run a shard, finalize.

Knows shards, leases and messages. Must not know how an image is decoded or computed.
"""
