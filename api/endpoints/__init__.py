"""One endpoint per file; `api/blueprint.py` holds what they share.

They read the request and word the answer; the work is in the modules above.
"""
