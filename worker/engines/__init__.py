"""Ways to run the network on a batch, behind one protocol: openvino, onnxruntime, torch, simulated.

Knows arrays and runtimes; nothing of images, jobs or storage.
"""
