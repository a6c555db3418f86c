"""Datasets from the caller's side: upload a folder, remember the run, download and name results.

Knows local files and the dataset API. Imports `contract` only, none of the service's code.
"""
