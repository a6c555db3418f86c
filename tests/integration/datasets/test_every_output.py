"""Every output of the registry through a dataset of either layout and through the result cache."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Iterator
from importlib.util import find_spec

import pytest
from PIL import Image
from skimage import data as photographs

from contract.options import JobOptions
from contract.outputs.declaration import Output
from contract.outputs.registry import own_outputs
from contract.states import DatasetState
from storage.jobs.result_index import ResultIndex
from storage.jobs.store import JobStore
from tests.held import ABOUT, held
from tests.integration.datasets.test_refine import run
from tests.integration.worker.pipelines import make_pipeline
from tests.pictures import encoded
from tests.services.memory_store import MemoryStore
from tests.unit.worker.imaging.conftest import LIMITS
from worker.compute.batcher import Batcher
from worker.compute.computer import Computer
from worker.engines.simulated import SimulatedEngine
from worker.imaging.decoder import Decoder
from worker.jobs.result_cache import ResultCache

SPOKEN = {"speech"} if find_spec("hibari") is None else set()  # needs the extra of its name
MADE = [output for output in own_outputs() if output.name not in SPOKEN]
OPTIONS = JobOptions(outputs=tuple(output.name for output in MADE))
SIGNATURES = {
    "png": b"\x89PNG",
    "jpg": b"\xff\xd8\xff",
    "glb": b"glTF",
    "ply": b"ply\n",
    "zip": b"PK\x03\x04",
    "webp": b"RIFF",
    "wav": b"RIFF",
    "mp4": b"\0\0\0",
}


@pytest.fixture(scope="module")
def picture() -> bytes:
    """A cat of 225 x 150."""
    return encoded(Image.fromarray(photographs.chelsea()).resize((225, 150)), "JPEG")


@pytest.fixture(scope="module")
def computer() -> Iterator[Computer]:
    """The worker's own computer, with an engine whose depth follows the picture's brightness."""
    decoder = Decoder(**LIMITS)
    batcher = Batcher(SimulatedEngine(batch_s=0, image_s=0).infer, 8)
    decoder.start()
    batcher.start()
    yield Computer(decoder, held(batcher))
    batcher.stop()
    decoder.stop()


def check_file(output: Output, extension: str, body: bytes) -> None:
    """The file is of its declared type, and not empty."""
    assert extension == output.file_type(OPTIONS).extension
    if extension == "json":
        assert json.loads(body)
    elif extension == "txt":
        assert body.decode().strip()
    else:
        assert body.startswith(SIGNATURES[extension]), output.name


@pytest.mark.parametrize("layout", ["files", "webdataset"])
def test_a_dataset_holds_every_output_and_its_index_names_it(
    make_rig, photos, computer, picture, layout
) -> None:
    photos.put("in/a.jpg", picture, media_type="image/jpeg")
    rig = make_rig(computer=computer)
    place = "s3://target/made"
    dataset_id = rig.submit(
        prefix="s3://photos/in/", options=OPTIONS, layout=layout, output_prefix=place
    )
    assert rig.run(dataset_id).state is DatasetState.COMPLETED
    (result,) = rig.results(dataset_id)
    assert set(result.outputs) == {output.name for output in MADE}
    target = rig.worker.tools.buckets.open("target")
    for output in MADE:
        info = result.outputs[output.name]
        if layout == "files":
            body = target.get(info.key)
            name = info.key
        else:
            with tarfile.open(fileobj=io.BytesIO(target.get(info.key))) as tar:
                held_in_tar = tar.extractfile(info.member)
                assert held_in_tar is not None
                body = held_in_tar.read()
            name = info.member
        assert len(body) == info.bytes
        check_file(output, name.rsplit(".", 1)[1], body)


def test_a_repeated_job_has_every_output_from_the_first_without_computing(
    redis, computer, picture
) -> None:
    objects = MemoryStore()
    cache = ResultCache(objects, ResultIndex(redis), {"midas_small": ABOUT}, 4096)
    pipeline = make_pipeline(redis, JobStore(redis), objects, computer, cache)
    first, second = (run(pipeline, picture, outputs=OPTIONS.outputs) for _ in range(2))
    assert (first.timings.batch_size, second.timings.batch_size) == (1, 0)
    for output in MADE:
        made, again = first.outputs[output.name], second.outputs[output.name]
        assert made.key != again.key
        assert (made.media_type, made.sha256) == (again.media_type, again.sha256)
        body = objects.get(again.key)
        assert body == objects.get(made.key)
        check_file(output, again.key.rsplit(".", 1)[1], body)
