"""One module per HTTP call on jobs; each registers itself on its blueprint.

Translates HTTP into calls of `api.jobs`. Must not contain rules of its own.
"""
