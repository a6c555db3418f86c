"""Passes requests and answers of which nothing is kept between API and workers, through Redis.

Knows a list of asks and channels. Must not know HTTP, pixels, or records of jobs.
"""
