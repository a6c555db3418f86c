"""The HTTP front: waitress, told what to do with slow, endless and oversized requests.

Chosen by test, see docs/decisions. Knows sockets and WSGI, nothing of jobs.
"""
