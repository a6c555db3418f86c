"""One module per HTTP call on videos; each registers itself on its blueprint.

Translates HTTP into calls of `api.videos`. Must not contain rules of its own.
"""
