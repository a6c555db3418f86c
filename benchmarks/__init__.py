"""What is claimed about speed, and the commands that measure it: `python -m benchmarks`.

Imports every package and starts real processes; no package imports it. A number that is not in
results/latest.json is not claimed anywhere.
"""
