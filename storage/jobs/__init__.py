"""Job records in Redis: fields, atomic changes, indices, result index; rebuilding from objects.

Knows keys and Lua scripts. Must not know HTTP, Celery or pixels.
"""
