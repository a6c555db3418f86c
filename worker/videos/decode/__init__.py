"""Decodes videos in a confined process of its own per piece: a file in, frames and sound out.

The processes are forks of one that has loaded the decoders. Knows containers and PyAV, which is an
optional extra. Must not know stores, steps or networks.
"""
