"""What every process needs whatever it does: logs, heaps, private files.

Below all other packages: knows no job, no setting and no other package.
"""
