"""The files a video becomes: each written frame by frame to an open file.

Knows PyAV's encoders. Must not know stores, steps or networks.
"""
