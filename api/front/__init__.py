"""The HTTP server: waitress with limits on slow, endless and oversized requests.

docs/decisions/0010 has the choice. Knows sockets and WSGI. Must not know jobs.
"""
