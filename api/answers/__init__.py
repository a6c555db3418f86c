"""How the API answers: errors, files, headers, request ids, the OpenAPI document.

Knows flask. Must not know queues, Redis or what an endpoint does.
"""
