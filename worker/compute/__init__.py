"""Shares one engine among jobs: batches, learned costs, throughput, throttling by lane.

Knows tensors and an engine's `infer`. Must not know records, stores, queues or file formats.
"""
