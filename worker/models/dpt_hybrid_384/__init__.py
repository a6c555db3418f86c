"""DPT-Hybrid: ResNet-50 and ViT-B, then DPT's decoder, near 384 a side.

Knows the published checkpoint's tensor names. Must not know where weights are stored.
"""
