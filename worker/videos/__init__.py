"""Videos: decoding, depth that does not flicker, files that play.

Knows containers, frames and the order of a clip's steps. Must not know HTTP, single jobs, or items
of datasets.
"""
