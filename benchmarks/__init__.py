"""What is claimed about speed, and the commands that measure it: `python -m benchmarks`.

Knows every room and starts real processes; no room knows it. A number that is not in
results/latest.json is not claimed anywhere.
"""
