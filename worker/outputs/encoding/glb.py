"""GLB (glTF 2.0, Khronos): one textured mesh in one binary file."""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.generic]

_FLOAT, _UINT32 = 5126, 5125
_VERTICES, _INDICES = 34962, 34963  # targets of buffer views
_LINEAR, _MIPMAPS, _CLAMP = 9729, 9987, 33071
_UNLIT = "KHR_materials_unlit"


@dataclass(frozen=True)
class TexturedMesh:
    """Vertices in glTF's axes (y up, the camera looks along -z), and the JPEG on them.

    `points` and `normals` are float32 (N, 3), `at` float32 (N, 2) with 0, 0 the texture's upper
    left corner, `triangles` uint32 (M, 3), counter-clockwise from outside.
    """

    points: NDArray[np.float32]
    normals: NDArray[np.float32]
    at: NDArray[np.float32]
    triangles: NDArray[np.uint32]
    jpeg: bytes


@dataclass
class _Buffer:
    """The binary chunk as it grows, and what describes its parts."""

    data: bytearray = field(default_factory=bytearray)
    views: list[dict[str, Any]] = field(default_factory=list)
    accessors: list[dict[str, Any]] = field(default_factory=list)

    def add(self, part: bytes, **about: Any) -> int:
        """Append a part, and return the number of its view."""
        start = len(self.data)
        self.views.append({"buffer": 0, "byteOffset": start, "byteLength": len(part), **about})
        self.data += part + bytes(-len(part) % 4)
        return len(self.views) - 1

    def add_array(self, values: Array, kind: str, target: int, ends: bool = False) -> int:
        """Append an array, and return the number of its accessor; `ends`: with min and max."""
        view = self.add(values.tobytes(), target=target)
        component = _FLOAT if values.dtype == np.float32 else _UINT32
        count = values.size if kind == "SCALAR" else len(values)
        about = {"bufferView": view, "componentType": component, "count": count, "type": kind}
        if ends:
            about |= {"min": values.min(axis=0).tolist(), "max": values.max(axis=0).tolist()}
        self.accessors.append(about)
        return len(self.accessors) - 1


def encode_glb(mesh: TexturedMesh, fov_y: float, aspect: float, about: str) -> bytes:
    """Return `mesh` as a GLB file, with the camera that took the photograph (radians).

    The photograph has its light already: the material is unlit; where the extension is not known,
    it is a rough surface without metal. It is seen from both sides.
    """
    buffer = _Buffer()
    primitive = {
        "attributes": {
            "POSITION": buffer.add_array(mesh.points, "VEC3", _VERTICES, ends=True),
            "NORMAL": buffer.add_array(mesh.normals, "VEC3", _VERTICES),
            "TEXCOORD_0": buffer.add_array(mesh.at, "VEC2", _VERTICES),
        },
        "indices": buffer.add_array(mesh.triangles, "SCALAR", _INDICES),
        "material": 0,
    }
    lens = {"yfov": fov_y, "aspectRatio": aspect, "znear": 0.01}
    document = {
        "asset": {"version": "2.0", "generator": "depthq", "extras": {"unit": about}},
        "extensionsUsed": [_UNLIT],
        "scene": 0,
        "scenes": [{"nodes": [0, 1]}],
        "nodes": [{"mesh": 0, "name": "scene"}, {"camera": 0, "name": "camera"}],
        "cameras": [{"type": "perspective", "perspective": lens}],
        "meshes": [{"primitives": [primitive]}],
        "materials": [_material()],
        "textures": [{"source": 0, "sampler": 0}],
        "samplers": [
            {"magFilter": _LINEAR, "minFilter": _MIPMAPS, "wrapS": _CLAMP, "wrapT": _CLAMP}
        ],
        "images": [{"bufferView": buffer.add(mesh.jpeg), "mimeType": "image/jpeg"}],
    }
    return _container(document, buffer)


def _material() -> dict[str, Any]:
    return {
        "pbrMetallicRoughness": {
            "baseColorTexture": {"index": 0},
            "metallicFactor": 0.0,
            "roughnessFactor": 1.0,
        },
        "doubleSided": True,
        "extensions": {_UNLIT: {}},
    }


def _container(document: dict[str, Any], buffer: _Buffer) -> bytes:
    parts = {
        "accessors": buffer.accessors,
        "bufferViews": buffer.views,
        "buffers": [{"byteLength": len(buffer.data)}],
    }
    text = json.dumps(document | parts, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    whole = 12 + 8 + len(text) + 8 + len(buffer.data)
    head = b"glTF" + struct.pack("<II", 2, whole) + struct.pack("<I", len(text)) + b"JSON"
    return b"".join([head, text, struct.pack("<I", len(buffer.data)), b"BIN\0", buffer.data])
