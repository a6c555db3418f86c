"""Results (JSON) → the tables and pictures of README.md. Measures nothing."""
