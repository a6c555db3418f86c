"""Tests: unit (mirrors the tree), integration, e2e, chaos, golden."""
