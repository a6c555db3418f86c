"""DPT-Swin2-Tiny (MiDaS v3.1): Swin transformer v2 and DPT's decoder, exactly 256x256.

Knows the published checkpoint's tensor names. Must not know where weights are stored.
"""
