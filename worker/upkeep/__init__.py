"""Periodic chores: send lost messages again, restore records, delete expired data, call webhooks.

Each is safe to run twice; most run on the leader only. Must not know pixels or engines.
"""
