"""What every process of the service shares: log format, memory, loading, private files, pipes.

Knows the operating system and the standard library. Must not know jobs, stores, HTTP or pixels.
"""
