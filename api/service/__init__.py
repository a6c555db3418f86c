"""The calls about the service itself: health, metrics, version, models, outputs, docs, page.

Reads state and changes none. Must not know single jobs or datasets.
"""
