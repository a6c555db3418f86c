"""Types of setting values, each with its bounds: a wrong value stops the program and is named.

Messages never contain the value: it may be a secret, even in the wrong variable.
"""

from __future__ import annotations

import re
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, TypeVar
from urllib.parse import SplitResult, urlsplit

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    StringConstraints,
    ValidationInfo,
)
from pydantic_settings import NoDecode

from contract.places import read_place

_PLAIN = re.compile(r"[!-~]{1,4096}")  # printable ASCII without blanks
_HOST = re.compile(r"[A-Za-z0-9_.:%-]{1,253}")


def _plain_secret(value: SecretStr) -> SecretStr:
    if not _PLAIN.fullmatch(value.get_secret_value()):
        raise ValueError("is blank, or holds blanks or characters beyond ASCII")
    return value


def _split(value: str) -> SplitResult:
    if not _PLAIN.fullmatch(value):
        raise ValueError("is blank, or holds characters that no address has")
    try:
        parts = urlsplit(value)
        readable = parts.port is None or parts.port > 0
    except ValueError:
        readable = False
    if not readable or (parts.hostname and not _HOST.fullmatch(parts.hostname)):
        raise ValueError("is no address: the host or the port cannot be read")
    return parts


def _http_url(value: str) -> str:
    parts = _split(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("must begin with http:// or https:// and name a host")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("must be an address alone, without user, password, ? or #")
    return value


def _redis_url(value: str) -> str:
    parts = _split(value)
    if parts.scheme not in ("redis", "rediss") or not parts.hostname:
        raise ValueError(
            "must be one server's address, redis://host:port/0 or, with TLS, rediss://…; "
            "sentinels, clusters and sockets are not supported"
        )
    if parts.query or parts.fragment:
        raise ValueError("takes no options after ?; DEPTHQ_REDIS_CA_FILE names a CA of your own")
    if not re.fullmatch(r"(/\d{0,5})?", parts.path):
        raise ValueError("must end with the number of the database, as in redis://host:6379/0")
    return value


def _peer(value: str) -> str:
    if value != "*":
        try:
            ip_address(value)
        except ValueError:
            raise ValueError("must be the address of one peer, or *") from None
    return value


def _path(value: object) -> object:
    text = str(value)
    if isinstance(value, str | Path) and (not text.strip() or not text.isprintable()):
        raise ValueError("is blank, or holds characters that no path should have")
    return value


def _ca_file(value: Path) -> Path:
    path = value.expanduser()
    try:
        held = path.read_bytes()
    except OSError as exc:
        raise ValueError(f"cannot be read: {exc.strerror}") from None
    if b"-----BEGIN CERTIFICATE-----" not in held:
        raise ValueError("holds no certificate in PEM form")
    return path


def _divide(value: object, info: ValidationInfo) -> object:
    """Divide a list at its commas. One that is set and names nothing is an error.

    Blank may mean none, but not for keys: an API whose keys are set never runs without login.
    """
    if not isinstance(value, str):
        return value
    parts = tuple(part.strip() for part in value.split(",") if part.strip())
    if not parts and (value.strip() or info.field_name == "api_keys"):
        raise ValueError("is set and names nothing; unset it if that is meant")
    return parts


_Item = TypeVar("_Item")
CommaSeparated = Annotated[tuple[_Item, ...], NoDecode, BeforeValidator(_divide)]
Secret = Annotated[SecretStr, AfterValidator(_plain_secret)]
HttpUrl = Annotated[str, AfterValidator(_http_url)]
RedisUrl = Annotated[str, AfterValidator(_redis_url)]
Peer = Annotated[str, AfterValidator(_peer)]
Folder = Annotated[Path, BeforeValidator(_path), AfterValidator(Path.expanduser)]
CaFile = Annotated[Path, BeforeValidator(_path), AfterValidator(_ca_file)]
Host = Annotated[str, StringConstraints(pattern=rf"^{_HOST.pattern}$")]
HostPattern = Annotated[
    str, StringConstraints(pattern=r"^(\*|\.?[A-Za-z0-9_:-][A-Za-z0-9_.:-]{0,252})$")
]
PlaceText = Annotated[str, AfterValidator(lambda text: read_place(text) and text)]
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]
Bucket = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")]
NameOrFile = Annotated[str, BeforeValidator(_path), StringConstraints(max_length=4096)]
KeyLimit = Annotated[str, Field(pattern=r"^[0-9a-f]{8,64}=\d{1,9}/\d{1,9}$")]


def names_a_host(endpoint_url: str | None, bucket: str | None) -> bool:
    """Return whether `bucket` can be part of the host name of `endpoint_url`; None: AWS."""
    parts = urlsplit(endpoint_url or "https://amazonaws.com")
    if parts.scheme == "https" and "." in (bucket or ""):
        return False  # no certificate is valid for it
    try:
        ip_address(parts.hostname or "")
    except ValueError:
        return True
    return False
