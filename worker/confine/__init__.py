"""Confines a child process that reads hostile input: memory, CPU time, system calls.

Also starts such children quickly, as forks of a clean process. Knows Linux only (prctl, rlimits,
seccomp). Must not know what the child decodes.
"""
