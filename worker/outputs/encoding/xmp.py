"""XMP packets, and how JPEG holds them (Adobe, XMP Specification Part 3, 2020, 1.1.3).

What does not fit into one segment goes into an extended packet, which is cut into portions. The
main packet names it by its MD5 (xmpNote:HasExtendedXMP), as do the portions.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Mapping
from xml.sax.saxutils import quoteattr

from worker.outputs.encoding.jpeg import MOST_PAYLOAD_BYTES

_MAIN = b"http://ns.adobe.com/xap/1.0/\0"
_EXTENSION = b"http://ns.adobe.com/xmp/extension/\0"
_NOTE = "http://ns.adobe.com/xmp/note/"
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_GUID_CHARACTERS = 32
_MOST_PORTION_BYTES = MOST_PAYLOAD_BYTES - len(_EXTENSION) - _GUID_CHARACTERS - 8


def xmp_segments(
    prefix: str, namespace: str, properties: Mapping[str, str], large: Mapping[str, str]
) -> list[bytes]:
    """Return the payloads of the APP1 segments that hold `properties` and `large` ones.

    The `large` ones move to an extension if all together do not fit into one segment.
    """
    spaces = {prefix: namespace}
    named = {f"{prefix}:{name}": value for name, value in properties.items()}
    beyond = {f"{prefix}:{name}": value for name, value in large.items()}
    whole = _MAIN + packet(spaces, named | beyond)
    if len(whole) <= MOST_PAYLOAD_BYTES:
        return [whole]
    extension = _meta(spaces, beyond)
    guid = hashlib.md5(extension, usedforsecurity=False).hexdigest().upper()
    note = {"xmpNote:HasExtendedXMP": guid}
    return [
        _MAIN + packet(spaces | {"xmpNote": _NOTE}, named | note),
        *(
            _EXTENSION
            + guid.encode()
            + struct.pack(">II", len(extension), start)
            + extension[start : start + _MOST_PORTION_BYTES]
            for start in range(0, len(extension), _MOST_PORTION_BYTES)
        ),
    ]


def packet(spaces: Mapping[str, str], properties: Mapping[str, str]) -> bytes:
    """Return `properties` as one packet; `spaces`: prefix → namespace."""
    begin = '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'.encode()
    return begin + _meta(spaces, properties) + b'<?xpacket end="r"?>'


def _meta(spaces: Mapping[str, str], properties: Mapping[str, str]) -> bytes:
    declared = "".join(f" xmlns:{prefix}={quoteattr(uri)}" for prefix, uri in spaces.items())
    held = "".join(f" {name}={quoteattr(value)}" for name, value in properties.items())
    return (
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{_RDF}">'
        f'<rdf:Description rdf:about=""{declared}{held}/></rdf:RDF></x:xmpmeta>'
    ).encode()
