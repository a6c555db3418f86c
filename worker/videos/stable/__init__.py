"""Makes the depth of a clip's frames steady: arrays in, arrays out.

Knows optical flow and least squares. Must not know files, stores, networks or steps.
"""
