"""One module per HTTP call about the service; each registers itself on its blueprint.

Must not write to any store, except for the readiness probe's test object.
"""
