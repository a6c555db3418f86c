"""What the larger networks share: vision transformer, reassembling of tokens, fusion, loading.

Knows the dense prediction transformer (DPT). Must not know one network's sizes, nor where weights
are stored.
"""
