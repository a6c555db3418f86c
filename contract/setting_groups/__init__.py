"""The settings of one package each; together they are `contract.settings.Settings`.

Know names, bounds, defaults and meanings. Must not know where values come from, or each other.
"""
