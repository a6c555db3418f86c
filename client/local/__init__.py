"""Runs the service on this machine: Redis, API and workers as child processes; the doctor.

Knows processes, ports and folders. Imports `contract` only, none of the service's code.
"""
