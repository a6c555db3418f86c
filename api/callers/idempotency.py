"""Idempotency keys: which job or dataset a repeated request refers to."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from api.services import Services
from contract.errors import Conflict
from contract.names.object_keys import idempotency_mark
from storage.callers.idempotency import IDEMPOTENCY_TTL_S
from storage.objects.marks import set_mark


@dataclass(frozen=True)
class Binding:
    """A key and the request it was used with, as two SHA-256 digests."""

    digest: str
    fingerprint: str

    @classmethod
    def of(cls, *whose: str, wanted: str) -> Binding:
        """Return the binding of a key to everything that must be equal when the key is used again.

        The last of `whose` is the key; before it stand its owner and the kind of request.
        """
        return cls(_sha256("\n".join(whose)), _sha256(wanted))

    def holder(self, parts: Services, new_id: str) -> str:
        """Return the id bound to the key; binds `new_id` if the key is new. Raises Conflict."""
        known = parts.jobs.remember(self.digest, new_id, self.fingerprint, IDEMPOTENCY_TTL_S)
        holder, fingerprint = known
        if fingerprint != self.fingerprint:
            raise Conflict("This Idempotency-Key was used before with other content or options.")
        return holder

    def write_mark(self, parts: Services, prefix: str) -> None:
        """Write the binding as a mark to the object store, next to what it refers to. Raises
        StorageUnavailable.
        """
        set_mark(parts.objects, idempotency_mark(prefix, self.digest, self.fingerprint))


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
