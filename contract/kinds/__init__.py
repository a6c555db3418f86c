"""Which kinds of long work there are: datasets of photographs, and what follows. One file each.

Knows names only. A declaration names the code that does the work as text; only workers import it.
"""
