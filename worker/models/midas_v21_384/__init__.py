"""MiDaS v2.1 large: ResNeXt-101 and a convolutional decoder, long side 384.

Knows the published checkpoint's tensor names. Must not know where weights are stored.
"""
