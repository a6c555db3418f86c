"""DPT-Large: ViT-L/16 and DPT's decoder, near 384 a side.

Knows the published checkpoint's tensor names. Must not know where weights are stored.
"""
