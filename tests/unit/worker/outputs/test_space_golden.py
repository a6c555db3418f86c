"""The outputs in space are what they were; tests/golden/space.py remakes the numbers."""

from __future__ import annotations

import numpy as np

from tests.golden.space import FILE, numbers


def test_points_triangles_and_normals_are_those_of_before() -> None:
    golden, found = np.load(FILE), numbers()
    assert sorted(golden.files) == sorted(found)
    for name in ("colors", "triangles"):
        np.testing.assert_array_equal(found[name], golden[name], err_msg=name)
    for name in ("cloud", "vertices", "texture_places"):
        np.testing.assert_allclose(found[name], golden[name], atol=1e-4, err_msg=name)
    assert abs(found["normals"].astype(int) - golden["normals"]).max() <= 1
