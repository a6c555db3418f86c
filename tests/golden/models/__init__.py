"""Numbers of the larger models' original implementations, and the seeded weights they belong to."""
