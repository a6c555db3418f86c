"""Depth in a program of one's own: what a worker computes, without queue, store or service."""
