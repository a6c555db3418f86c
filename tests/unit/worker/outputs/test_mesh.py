"""The mesh is the scene's surface, textured with the photograph, and other programs read it."""

from __future__ import annotations

import io
import json
import math
import struct
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from contract.options import JobOptions
from tests.unit.worker.outputs.spaces import (
    FOV_DEG,
    HEIGHT,
    WIDTH,
    assert_walls_are_flat_and_square,
    corridor,
    made,
    view_of,
    walls_of,
)
from worker.outputs.mesh import render, triangles_of

if TYPE_CHECKING:  # a second in each test process that collects this
    import trimesh

GLTF = (1, -1, -1)


def parts(data: bytes) -> tuple[dict[str, Any], bytes]:
    """Return the JSON and the binary chunk of a GLB file, by hand."""
    magic, version, whole, length, kind = struct.unpack_from("<4sIII4s", data)
    assert (magic, version, whole, kind) == (b"glTF", 2, len(data), b"JSON")
    after, binary = struct.unpack_from("<I4s", data, 20 + length)
    assert binary == b"BIN\0"
    assert length % 4 == after % 4 == 0
    assert 28 + length + after == len(data)
    return json.loads(data[20 : 20 + length]), data[28 + length :]


def read(data: bytes) -> trimesh.Trimesh:
    import trimesh

    (mesh,) = trimesh.load(io.BytesIO(data), file_type="glb", process=False).geometry.values()
    return mesh


def test_the_walls_of_a_corridor_come_out_flat_and_square() -> None:
    points = np.asarray(read(made("mesh")).vertices)
    assert_walls_are_flat_and_square(points, walls_of(points, GLTF))


def test_each_vertex_wears_the_pixel_it_was_seen_at() -> None:
    mesh = read(made("mesh", drop_edges=False))
    points = np.asarray(mesh.vertices) * GLTF
    focal = WIDTH / 2 / math.tan(math.radians(FOV_DEG / 2))
    u = (points[:, 0] / points[:, 2] * focal + WIDTH / 2) / WIDTH
    v = (points[:, 1] / points[:, 2] * focal + HEIGHT / 2) / HEIGHT
    np.testing.assert_allclose(mesh.visual.uv, np.stack([u, 1 - v], axis=1), atol=1e-4)
    assert len(points) == WIDTH * HEIGHT
    assert len(mesh.faces) == 2 * (WIDTH - 1) * (HEIGHT - 1)


def test_the_texture_is_the_photograph_without_metal_or_light() -> None:
    material = read(made("mesh")).visual.material
    texture = np.asarray(material.baseColorTexture.convert("RGB"), float)
    assert texture.shape == (HEIGHT, WIDTH, 3)
    assert abs(texture - corridor().rgb).mean() < 3
    assert (material.metallicFactor, material.roughnessFactor) == (0, 1)
    assert material.doubleSided
    document, _ = parts(made("mesh"))
    assert document["materials"][0]["extensions"] == {"KHR_materials_unlit": {}}
    assert document["extensionsUsed"] == ["KHR_materials_unlit"]
    assert "extensionsRequired" not in document  # a viewer without it still shows the mesh


def test_the_file_says_what_its_parts_are() -> None:
    document, binary = parts(made("mesh", mesh_side=32))
    assert document["buffers"] == [{"byteLength": len(binary)}]
    for view in document["bufferViews"]:
        assert view["byteOffset"] % 4 == 0
        assert view["byteOffset"] + view["byteLength"] <= len(binary)
    position, normal, at, triangles = document["accessors"]
    assert position["count"] == normal["count"] == at["count"]
    assert triangles["count"] % 3 == 0
    points = np.frombuffer(binary, "<f4", 3 * position["count"]).reshape(-1, 3)
    np.testing.assert_allclose(position["min"], points.min(axis=0), rtol=1e-6)
    np.testing.assert_allclose(position["max"], points.max(axis=0), rtol=1e-6)
    view = document["bufferViews"][document["images"][0]["bufferView"]]
    jpeg = binary[view["byteOffset"] :][: view["byteLength"]]
    assert Image.open(io.BytesIO(jpeg)).size == (WIDTH, HEIGHT)
    lens = document["cameras"][0]["perspective"]
    assert math.degrees(lens["yfov"]) == pytest.approx(42.65, abs=0.05)
    assert lens["aspectRatio"] == pytest.approx(4 / 3)


def test_triangles_face_the_camera_as_their_normals_do() -> None:
    mesh = read(made("mesh"))
    centers = mesh.triangles_center  # the camera is at the origin
    assert ((mesh.face_normals * centers).sum(axis=1) < 0).mean() > 0.999
    stored = np.asarray(mesh.vertex_normals)
    agree = (mesh.face_normals * stored[mesh.faces[:, 0]]).sum(axis=1)
    assert (agree > np.cos(np.radians(2))).mean() > 0.97


def step(width: int = 80, height: int = 60, **options: Any) -> trimesh.Trimesh:
    """A square before a wall twice as far."""
    depth = np.full((60, 80), 0.5, np.float32)
    depth[20:40, 30:50] = 1
    rgb = np.zeros((height, width, 3), np.uint8)
    return read(render(view_of(depth, rgb, outputs=["mesh"], near_far_ratio=2, **options)).data)


@pytest.mark.parametrize(("scale", "side"), [(1, 512), (3, 512), (1, 24)])
def test_no_triangle_spans_from_a_thing_to_what_is_behind_it(scale: int, side: int) -> None:
    def longest(mesh: trimesh.Trimesh) -> float:
        return float(np.ptp(np.asarray(mesh.vertices)[mesh.faces][:, :, 2], axis=1).max())

    size = (80 * scale, 60 * scale)
    cut = step(*size, mesh_side=side)
    assert longest(cut) < 0.05
    assert longest(step(*size, mesh_side=side, drop_edges=False)) > 0.1
    assert len(cut.split(only_watertight=False)) == 2  # the square and the wall


def test_the_longer_side_has_at_most_as_many_vertices_as_asked_for() -> None:
    mesh = read(made("mesh", mesh_side=64, drop_edges=False))
    assert len(mesh.vertices) == 64 * 48
    assert np.asarray(mesh.visual.material.baseColorTexture).shape[:2] == (HEIGHT, WIDTH)
    points = np.asarray(mesh.vertices)
    assert points[:, 2].min() == pytest.approx(-corridor().ratio, rel=1e-3)


def test_a_square_with_one_corner_missing_keeps_a_triangle() -> None:
    for missing in range(4):
        kept = np.ones(4, bool)
        kept[missing] = False
        (triangle,) = triangles_of(kept.reshape(2, 2))
        assert set(triangle) == set(range(4)) - {missing}
        x, y = triangle % 2, triangle.astype(int) // 2
        turned = (x[1] * 1.0 - x[0]) * (y[2] - y[0]) - (x[2] * 1.0 - x[0]) * (y[1] - y[0])
        assert turned < 0  # counter-clockwise, y being down
    assert len(triangles_of(np.ones((2, 2), bool))) == 2
    assert len(triangles_of(np.array([[True, False], [False, True]]))) == 0


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (300, 1)])
def test_the_narrowest_pictures_and_the_roughest_depth_have_a_mesh(size: tuple[int, int]) -> None:
    depth = np.random.default_rng(2).random((32, 32)).astype(np.float32)
    rgb = np.zeros((size[1], size[0], 3), np.uint8)
    mesh = read(render(view_of(depth, rgb, outputs=["mesh"])).data)
    assert len(mesh.faces) >= 2
    assert np.isfinite(mesh.vertices).all()


def test_the_same_depth_gives_the_same_bytes() -> None:
    assert made("mesh", mesh_side=64) == made("mesh", mesh_side=64)


@pytest.mark.parametrize("side", [15, 1025])
def test_a_side_out_of_bounds_is_refused_by_name(side: int) -> None:
    with pytest.raises(ValueError, match="mesh_side"):
        JobOptions.model_validate({"outputs": ["mesh"], "mesh_side": side})
