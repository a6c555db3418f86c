"""Confines a child process that reads hostile input: memory, CPU time, system calls.

Knows Linux only (prctl, rlimits, seccomp). Must not know what the child decodes.
"""
