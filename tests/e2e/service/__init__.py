"""Tests of one running service. They share it: a test process starts it once for all of them."""
