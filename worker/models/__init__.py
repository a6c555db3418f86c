"""The networks and their input transforms, one package per network.

Knows shapes and arithmetic. Must not know outputs, engines, jobs or stores.
"""
