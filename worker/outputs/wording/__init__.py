"""From a depth map's layout to sentences, one module per language with `alt`, `short`, `long`.

Knows words. Each text has one hedge, its last sentence, and no lengths: depth is relative. It says
how many things there are, then the weightiest, then the others in one sweep from left to right.
"""
