"""Local files as input: find pictures, walk folders, read files that do not change meanwhile.

Must not know HTTP.
"""
