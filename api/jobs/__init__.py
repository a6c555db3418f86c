"""Single jobs over HTTP: accept, poll, documents.

Knows job records and options. Must not decode pixels or know which engine runs.
"""
