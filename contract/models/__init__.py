"""What can be known of a model without running it: name, licence, input, weights, cost.

API, client and workers read it. Must not import NumPy, torch or an inference runtime.
"""
