"""What the calls on runs of every kind share: accept, find, wait, cancel, retry, remove, list.

Knows a kind by its name, which is handed in. Must not know what its items are.
"""
