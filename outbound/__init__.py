"""The one door to the outside: image URLs that clients name, and webhooks.

Resolves, checks every address, connects to the checked address. Knows nothing of jobs.
"""
