"""Real Redis and S3 servers for tests: found or built, started, killed, frozen, wiped.

Knows nothing of depthq but its settings.
"""
