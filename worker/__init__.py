"""Turns waiting jobs into depth maps: Celery app, batcher, engines, imaging, outputs, datasets.

Knows pixels and models; must not know HTTP.
"""
