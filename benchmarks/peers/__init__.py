"""The same work done by other means, as their own documentation shows it, on the same cores.

Each peer is a program of its own in a virtual environment of its own (requirements.txt).
"""
