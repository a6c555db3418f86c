"""Which outputs a job can have: their names, options, file types and words. One file each.

Knows no pixels and no store. A declaration names its renderer as text; only workers import it.
"""
