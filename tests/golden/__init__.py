"""Numbers of the original implementation, and the seeded inputs they belong to."""
