"""Lists a dataset's images lazily: bucket prefix, manifest, or archive; and fetches each.

Knows file formats and their limits; treats every byte as hostile. Must not know shards or leases.
"""
