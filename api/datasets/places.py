"""Where a dataset's outputs are: in our own bucket, or where its `output_prefix` says."""

from __future__ import annotations

from api.services import Services
from contract.datasets import DatasetRequest
from contract.names.object_keys import dataset_object
from storage.datasets.preflight import output_place
from storage.objects.protocol import ObjectStore


def outputs_place(parts: Services, request: DatasetRequest) -> tuple[ObjectStore, str]:
    """Return the store and the key prefix, without a slash at its end."""
    if request.spec.output_prefix is not None:
        return output_place(request.spec.output_prefix, parts.buckets)
    return parts.objects, dataset_object(request.id, "outputs")
