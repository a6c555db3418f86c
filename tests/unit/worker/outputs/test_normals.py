"""Normals are right on walls of known direction, in OpenGL's colors."""

from __future__ import annotations

import io
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from tests.unit.worker.outputs.spaces import corridor, made, view_of
from worker.outputs.encoding.geometry import camera
from worker.outputs.encoding.normals import surface_normals
from worker.outputs.normals import render

WALLS = np.array([[1, 0, 0], [-1, 0, 0], [0, -1, 0], [0, 1, 0], [0, 0, 1]])  # x right, y up


def read(data: bytes) -> np.ndarray:
    """Return the normals of a PNG, (h, w, 3), -1…1."""
    bgr = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    return bgr[:, :, ::-1].astype(float) / np.iinfo(bgr.dtype).max * 2 - 1


def step(**options: Any) -> Image.Image:
    depth = np.tile(np.linspace(1, 2, 64, dtype=np.float32), (48, 1))
    rgb = np.zeros((150, 200, 3), np.uint8)
    return Image.open(io.BytesIO(render(view_of(depth, rgb, outputs=["normals"], **options)).data))


@pytest.mark.parametrize(("bits", "degrees"), [("png8", 1.0), ("png16", 0.1)])
def test_each_wall_of_a_corridor_has_its_color(bits: str, degrees: float) -> None:
    found = read(made("normals", normals_format=bits))
    wall = corridor().wall
    off = np.degrees(np.arccos(np.clip((found * WALLS[wall]).sum(axis=2), -1, 1)))
    # exact to the last, far row; the rest lies on the edges between walls
    assert (off < degrees).mean() > 0.98
    for number, share in enumerate((0.98, 0.98, 0.98, 0.98, 0.92)):  # the end wall is small
        assert (off[wall == number] < degrees).mean() > share


def test_a_wall_before_the_camera_is_the_blue_of_all_normal_maps() -> None:
    flat = np.full((20, 30), 3, np.float32)
    rgb = np.zeros((40, 60, 3), np.uint8)
    for bits, wanted in (("png8", 128), ("png16", 32768)):
        options = {"outputs": ["normals"], "normals_format": bits}
        data = render(view_of(flat, rgb, **options)).data
        bgr = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
        assert bgr.shape == (40, 60, 3)
        assert (bgr[:, :, 0] == np.iinfo(bgr.dtype).max).all()
        assert (bgr[:, :, 1:] == wanted).all()


def test_the_picture_has_the_size_asked_for_and_tells_it() -> None:
    assert step().size == (200, 150)
    assert step(size="model").size == (64, 48)
    view = view_of(np.ones((4, 4), np.float32), np.zeros((5, 9, 3), np.uint8), outputs=["normals"])
    assert render(view).size == (9, 5)


def test_normals_keep_unit_length_where_they_are_resized() -> None:
    lengths = np.linalg.norm(read(made("normals", size="original")), axis=2)
    assert abs(lengths - 1).max() < 0.02


def test_a_plane_has_one_normal_however_it_is_tilted() -> None:
    lens = camera(64, 48, 70)
    u = (np.arange(64) + 0.5 - 32) / lens.focal_px
    v = (np.arange(48) + 0.5 - 24) / lens.focal_px
    for tilted in ((0.3, -0.2, 0.6), (-0.7, 0.1, 0.6), (0, 0.8, 0.6)):
        inverse = tilted[0] * u[None, :] + tilted[1] * v[:, None] + tilted[2]
        found = surface_normals(inverse.astype(np.float32), lens)
        wanted = -np.array(tilted) / np.linalg.norm(tilted)
        np.testing.assert_allclose(found, np.broadcast_to(wanted, found.shape), atol=1e-4)


def test_texture_of_the_photograph_is_no_relief() -> None:
    # a flat wall with a checkerboard on it, refined by that photograph
    flat = np.tile(np.linspace(1, 2, 64, dtype=np.float32), (48, 1))
    board = (np.indices((192, 256)).sum(axis=0) // 16 % 2 * 255).astype(np.uint8)
    rgb = np.repeat(board[:, :, None], 3, axis=2)
    both = [
        read(render(view_of(flat, rgb, outputs=["normals"], refine=refine)).data)[8:-8, 8:-8]
        for refine in ("cubic", "guided")
    ]
    away = np.degrees(np.arccos(np.clip((both[0] * both[1]).sum(axis=2), -1, 1)))
    assert away.max() < 2


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (300, 1)])
def test_the_narrowest_pictures_have_normals(size: tuple[int, int]) -> None:
    depth = np.random.default_rng(2).random((32, 32)).astype(np.float32)
    view = view_of(depth, np.zeros((size[1], size[0], 3), np.uint8), outputs=["normals"])
    assert read(render(view).data).shape == (size[1], size[0], 3)


def test_without_the_photograph_there_are_normals_all_the_same() -> None:
    view = view_of(np.ones((4, 4), np.float32), np.zeros((5, 9, 3), np.uint8), outputs=["normals"])
    object.__setattr__(view, "pixels", None)
    assert read(render(view).data).shape == (5, 9, 3)
