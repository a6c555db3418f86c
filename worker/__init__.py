"""Computes depth maps from queued jobs and datasets.

Knows pixels, models and the order of work. Must not know HTTP requests.
"""
