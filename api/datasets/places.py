"""Where a dataset's outputs are: in our own bucket, or where its `output_prefix` says."""

from __future__ import annotations

from api.services import Services
from contract.datasets import DatasetRequest
from contract.names.object_keys import dataset_object
from storage.objects.buckets import split_uri
from storage.objects.protocol import ObjectStore


def outputs_place(parts: Services, request: DatasetRequest) -> tuple[ObjectStore, str]:
    """Return the store, to be read, and the key prefix, without a slash at its end."""
    if request.spec.output_prefix is not None:
        bucket, prefix = split_uri(request.spec.output_prefix)
        return parts.buckets.of(request.owner).open(bucket), prefix.strip("/")
    return parts.objects, dataset_object(request.id, "outputs")
