"""The files are right, say what they hold, and are the same every time."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from PIL import Image

from client.depth_file import read_depth
from contract.errors import InternalError
from contract.jobs import DepthInfo, ModelInfo
from contract.options import JobOptions, Size
from contract.outputs.depth import DepthFormat
from contract.outputs.heatmap import Colormap, HeatmapFormat
from worker.outputs.encoding.png import encode_png, encode_png_strips
from worker.outputs.encoding.quantise import quantise
from worker.outputs.heatmap import colormap_table
from worker.outputs.render import Rendered, render
from worker.outputs.view import View

NUMBERS = np.load(Path(__file__).parents[3] / "golden" / "golden.npz")
CASES = sorted({name.split(".")[0] for name in NUMBERS.files})
MODEL = ModelInfo(
    name="midas_small", weights_id="w-1", engine="openvino", precision="fp32", net_size=(48, 64)
)


def hill(height: int = 48, width: int = 64, offset: float = 10.0) -> np.ndarray[Any, Any]:
    """Depth that is near in the middle."""
    y, x = np.mgrid[0:height, 0:width]
    bump = np.exp(-(((y - height / 2) / 12) ** 2) - ((x - width / 2) / 16) ** 2)
    return (offset + 5 * bump).astype(np.float32)


def rendered(width: int = 200, height: int = 150, **options: Any) -> Rendered:
    return render(View(hill(), JobOptions(**options), width, height, MODEL))


def test_both_outputs_have_the_size_of_the_picture() -> None:
    files = rendered().files
    assert [(f.output, f.extension, f.width, f.height) for f in files] == [
        ("depth", "png", 200, 150),
        ("heatmap", "jpg", 200, 150),
    ]
    for file in files:
        assert Image.open(io.BytesIO(file.data)).size == (200, 150)


def test_model_size_is_what_the_network_gave() -> None:
    assert {(f.width, f.height) for f in rendered(size="model").files} == {(64, 48)}


@pytest.mark.parametrize("name", get_args(HeatmapFormat))
def test_near_is_bright_and_far_is_dark(name: str) -> None:
    (file,) = rendered(outputs=["heatmap"], heatmap_format=name).files
    grey = np.asarray(Image.open(io.BytesIO(file.data)).convert("L"))
    assert grey[75, 100] > 200
    assert grey[2, 2] < 20


def heat_of(size: tuple[int, int] = (64, 48), **options: Any) -> Image.Image:
    """Return the heat map of the hill; at 64x48 nothing is resized."""
    files = rendered(*size, outputs=["heatmap"], **options).files
    return Image.open(io.BytesIO(files[0].data))


@pytest.mark.parametrize("name", get_args(Colormap))
def test_every_colormap_of_the_contract_exists(name: str) -> None:
    image = heat_of(colormap=name, heatmap_format="png")
    assert image.size == (64, 48)
    assert len(np.unique(np.asarray(image).reshape(48 * 64, -1), axis=0)) > 60


@pytest.mark.parametrize(("name", "mode"), [("png", "L"), ("jpg", "L"), ("webp", "RGB")])
def test_grey_is_depth_in_256_steps_in_one_channel_where_the_format_can(
    name: str, mode: str
) -> None:
    depth = hill()
    steps = np.rint((depth - depth.min()) / np.ptp(depth) * 255)
    image = heat_of(colormap="gray", heatmap_format=name)
    assert image.mode == mode
    off = np.abs(np.asarray(image.convert("L"), np.float32) - steps)
    assert off.max() <= (1 if name == "png" else 12)
    assert off.mean() <= (0.01 if name == "png" else 2)


@pytest.mark.parametrize("size", [(64, 48), (200, 150)])
@pytest.mark.parametrize("colormap", ["inferno", "turbo", "gray"])
def test_inverted_each_depth_has_the_color_of_the_other_end(
    size: tuple[int, int], colormap: str
) -> None:
    shades = np.asarray(heat_of(size, colormap="gray", heatmap_format="png"))
    assert shades.max() == 255
    table = colormap_table(colormap)[:, 0, ::-1] if colormap != "gray" else np.arange(256)
    for invert, wanted in ((False, table[shades]), (True, table[255 - shades])):
        image = heat_of(size, colormap=colormap, invert=invert, heatmap_format="png")
        np.testing.assert_array_equal(np.asarray(image), wanted)


def test_inverting_leaves_the_depth_file_as_it_is() -> None:
    plain, inverted = (rendered(outputs=["depth"], invert=way) for way in (False, True))
    assert plain == inverted


def test_pictures_of_one_range_have_the_same_number_for_the_same_depth() -> None:
    # Given one depth in two pictures of different ranges
    low, high = 8.0, 16.0
    near, far = hill(offset=10), hill(offset=10)
    near[0, 0], far[0, 0] = 15.5, 9.0
    files = [render(View(depth, JobOptions(), 64, 48, MODEL, (low, high))) for depth in (near, far)]
    # Then both its code and its shade are the same, and the file says what the codes mean
    images = [[Image.open(io.BytesIO(file.data)) for file in each.files] for each in files]
    codes = [np.asarray(depth) for depth, _ in images]
    np.testing.assert_array_equal(codes[0].ravel()[1:], codes[1].ravel()[1:])
    wanted = np.rint((near - low) / (high - low) * 65535)
    assert np.abs(codes[0] - wanted).max() <= 1
    for each, (depth, _) in zip(files, images, strict=True):
        said = json.loads(depth.text["depthq"])
        assert (said["min"], said["max"]) == (low, high)
        back = read_depth(each.files[0].data).values
        assert np.abs(back - (near if each is files[0] else far)).max() <= (high - low) / 65535
    # and what is said of each picture is its own
    assert [each.depth.max for each in files] == [15.5, pytest.approx(15.0, abs=0.01)]


def test_depth_beyond_the_common_range_is_cut_off_in_the_png_and_kept_in_floats() -> None:
    depth = hill(offset=10)
    ends = (11.0, 14.0)
    (png,) = render(View(depth, JobOptions(outputs=["depth"]), 64, 48, MODEL, ends)).files
    codes = np.asarray(Image.open(io.BytesIO(png.data)))
    assert ((codes == 0) == (depth <= 11.0 + 3 / 131_070)).all()
    assert ((codes == 65535) == (depth >= 14.0 - 3 / 131_070)).all()
    options = JobOptions(outputs=["depth"], depth_format="npy")
    (exact,) = render(View(depth, options, 64, 48, MODEL, ends)).files
    np.testing.assert_array_equal(np.load(io.BytesIO(exact.data)), depth)


@pytest.mark.parametrize("depth_format", get_args(DepthFormat))
@pytest.mark.parametrize("heatmap_format", get_args(HeatmapFormat))
def test_the_same_depth_gives_the_same_bytes(depth_format: str, heatmap_format: str) -> None:
    options = {"depth_format": depth_format, "heatmap_format": heatmap_format}
    assert rendered(**options) == rendered(**options)


def test_png_spans_the_full_range() -> None:
    result = rendered(outputs=["depth"])
    codes = np.asarray(Image.open(io.BytesIO(result.files[0].data)))
    assert (codes.min(), codes.max()) == (0, 65535)
    assert result.depth.max > result.depth.min


@pytest.mark.parametrize("size", get_args(Size))
def test_the_range_of_a_picture_is_the_same_whatever_files_are_asked_for(size: str) -> None:
    steep = np.zeros((48, 64), np.float32)
    steep[12:36, 16:48] = 1.0  # edges that bicubic resizing overshoots
    wanted = [{"outputs": names} for names in (["depth"], ["heatmap"], ["depth", "heatmap"])]
    wanted += [{"depth_format": name} for name in get_args(DepthFormat)]
    found = {
        render(View(steep, JobOptions(size=size, **options), 200, 150, MODEL)).depth
        for options in wanted
    }
    (exact,) = render(
        View(steep, JobOptions(size=size, depth_format="npy"), 200, 150, MODEL)
    ).files[:1]
    values = np.load(io.BytesIO(exact.data))
    assert found == {DepthInfo(min=float(values.min()), max=float(values.max()))}


@pytest.mark.parametrize("options", [{"depth_format": "png16"}, {"heatmap_format": "png"}])
def test_constant_depth_is_a_plain_picture(options: dict[str, str]) -> None:
    flat = np.full((32, 256), 7.25, np.float32)
    result = render(View(flat, JobOptions(**options), 400, 50, MODEL))
    assert result.depth.min == result.depth.max == 7.25
    for file in result.files:
        assert (
            np.ptp(np.asarray(Image.open(io.BytesIO(file.data))).reshape(50 * 400, -1), 0).max()
            == 0
        )


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_depth_that_is_not_finite_is_a_fault_of_ours(value: float) -> None:
    broken = hill()
    broken[3, 4] = value
    with pytest.raises(InternalError, match="finite"):
        render(View(broken, JobOptions(), 64, 48, MODEL))


@pytest.mark.parametrize("size", [(1, 1), (1, 3000), (3000, 1)])
@pytest.mark.parametrize("depth_format", get_args(DepthFormat))
def test_extreme_sizes_render(size: tuple[int, int], depth_format: str) -> None:
    assert len(rendered(*size, depth_format=depth_format).files) == 2


@pytest.mark.parametrize("offset", [0.0, -3.0, 1e4])
def test_quantising_is_exact_within_half_a_step(offset: float) -> None:
    depth = hill(offset=offset)
    low, high = float(depth.min()), float(depth.max())
    codes = quantise(depth, low, high, np.uint16)
    back = low + codes.astype(np.float64) * (high - low) / 65535
    assert np.abs(back - depth).max() <= 0.505 * (high - low) / 65535  # float32 rounds a little


@pytest.mark.parametrize("shape", [(1, 1), (5, 7), (5, 7, 3), (300, 1), (1, 300, 3)])
@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_png_pixels_come_back(shape: tuple[int, ...], kind: Any) -> None:
    if len(shape) == 3 and kind is np.uint16:
        return  # Pillow has no 16-bit color
    pixels = np.random.default_rng(3).integers(0, np.iinfo(kind).max + 1, shape, kind)
    image = Image.open(io.BytesIO(encode_png(pixels, {"a": "b"})))
    np.testing.assert_array_equal(np.asarray(image), pixels)
    assert image.text == {"a": "b"}


@pytest.mark.parametrize("rows", [1, 2, 7, 20])
@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_strips_that_share_a_buffer_make_the_same_png(rows: int, kind: Any) -> None:
    pixels = np.random.default_rng(4).integers(0, np.iinfo(kind).max + 1, (20, 9), kind)
    buffer = np.empty((rows, 9), kind)

    def strips() -> Any:
        for top in range(0, 20, rows):
            strip = buffer[: min(rows, 20 - top)]
            strip[:] = pixels[top : top + rows]
            yield strip

    made = encode_png_strips(pixels.shape, pixels.dtype, strips())
    assert made == encode_png(pixels)
