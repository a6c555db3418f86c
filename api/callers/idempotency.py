"""What a client's Idempotency-Key stands for, so that a request may be sent again."""

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
    """What stands for a client's key, and for what it asked with it: two SHA-256."""

    digest: str
    fingerprint: str

    @classmethod
    def of(cls, *whose: str, wanted: str) -> Binding:
        """Return the binding of a key (the last of `whose`; before it who used it, and for what)
        to all that must be the same when it is used again.
        """
        return cls(_sha256("\n".join(whose)), _sha256(wanted))

    def holder(self, parts: Services, new_id: str) -> str:
        """Return the id that the key stands for, `new_id` if it is new. Raises Conflict."""
        known = parts.jobs.remember(self.digest, new_id, self.fingerprint, IDEMPOTENCY_TTL_S)
        holder, fingerprint = known
        if fingerprint != self.fingerprint:
            raise Conflict("This Idempotency-Key was used before with other content or options.")
        return holder

    def outlive_redis(self, parts: Services, prefix: str) -> None:
        """Note the binding in storage, beside what it stands for. Raises StorageUnavailable."""
        set_mark(parts.objects, idempotency_mark(prefix, self.digest, self.fingerprint))


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
