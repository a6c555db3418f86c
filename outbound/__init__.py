"""Outgoing HTTP to URLs that clients name: images and webhooks.

Resolves a host, checks every address, connects to the checked address. Must not know jobs.
"""
