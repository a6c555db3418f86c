"""Depth Anything V2, small: DINOv2 ViT-S/14 and a slim DPT decoder, short side 518.

Knows the published checkpoint's tensor names. Must not know where weights are stored.
"""
