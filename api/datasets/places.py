"""Where a dataset's outputs are: in our own bucket, or where its `output_prefix` says."""

from __future__ import annotations

from api.services import Services
from contract.names.object_keys import run_object
from contract.runs import RunRequest
from storage.objects.buckets import split_uri
from storage.objects.protocol import ObjectStore


def outputs_place(parts: Services, request: RunRequest) -> tuple[ObjectStore, str]:
    """Return the store, to be read, and the key prefix, without a slash at its end."""
    if request.spec.output_prefix is not None:
        bucket, prefix = split_uri(request.spec.output_prefix)
        return parts.buckets.of(request.owner).open(bucket), prefix.strip("/")
    return parts.objects, run_object(request.id, "outputs")
