"""The calls on videos: accepting them, and their documents.

Knows HTTP and records of runs. Must not decode anything: what is in a video, a worker finds out.
"""
