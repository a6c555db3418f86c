"""The network MiDaS_small: once for torch (the reference), once as an ONNX graph (what serves).

Knows tensor names, shapes and the order of layers; nothing of files, jobs or images.
"""
