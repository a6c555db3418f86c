"""Scenes whose depth is known exactly, and how well an ordering agrees with it."""
