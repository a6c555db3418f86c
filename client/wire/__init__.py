"""HTTP towards the service: transport, retries, uploads, downloads, events, polling.

Knows requests and answers. Must not know the command line or local processes.
"""
