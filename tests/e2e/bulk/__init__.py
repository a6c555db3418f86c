"""Tests of datasets and videos on one running service, which they share."""
