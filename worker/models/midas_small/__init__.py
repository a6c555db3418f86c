"""MiDaS_small (v2.1): constants, ONNX graph, and the torch network that serves as reference.

Knows the published checkpoint's tensor names. Must not know where weights are stored.
"""
