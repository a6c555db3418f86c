"""Encoders and array maths that outputs share: PNG, EXR, quantising, resizing, geometry.

Knows arrays and bytes. Must not know options, jobs or single outputs.
"""
