"""Runs long work of any kind in steps under leases: plan shards, run a shard, finalize.

Knows shards, leases and messages, and what a kind is. Must not know any kind, nor pixels.
"""
