"""One module per HTTP call on datasets; each registers itself on its blueprint.

Translates HTTP into calls of `api.datasets`. Must not contain rules of its own.
"""
