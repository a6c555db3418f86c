"""What the fork server of schemathesis does once, before it divides itself for every phase."""

import schemathesis
from hypothesis.internal import charmap

# Which characters UTF-8 has is asked of each code point: 2.8 s of CPU, unless a folder keeps it.
charmap.charmap()
charmap.intervals_from_codec("utf-8")

# The first schema imports what reads schemas.
_SCHEMA = {
    "openapi": "3.1.0",
    "info": {"title": "none", "version": "1"},
    "paths": {"/": {"get": {"responses": {"200": {"description": "of nothing"}}}}},
}
list(schemathesis.openapi.from_dict(_SCHEMA).get_all_operations())
