"""Guided depth has the photograph's edges: measured, and the measure itself tried."""

from __future__ import annotations

import cv2
import numpy as np
from skimage import data

from contract.settings import Settings
from tests.quality.edges import METHODS, boundary_f1
from tests.quality.ordinal import ordinal_accuracy
from worker.engines.factory import open_engine
from worker.models.prepare import net_size, prepare


def test_the_measure_knows_sharp_from_blurred_and_right_from_beside() -> None:
    truth = np.zeros((120, 160))
    truth[30:90, 40:100] = 1
    blurred = cv2.GaussianBlur(truth, (0, 0), 30)
    assert boundary_f1(3 * truth + 7, truth) == 1
    assert boundary_f1(np.roll(truth, 2, axis=1), truth) > 0.95
    assert boundary_f1(np.roll(truth, 6, axis=(0, 1)), truth) < 0.1
    assert 0 < boundary_f1(blurred, truth) < 0.8
    assert np.isnan(boundary_f1(truth, np.linspace(0, 1, 160)[None].repeat(120, 0)))


def test_unknown_depth_has_no_edges() -> None:
    truth = np.zeros((120, 160))
    truth[:, 80:] = 1
    holes = truth.copy()
    holes[20:60, 20:50] = np.inf
    assert boundary_f1(truth, holes) == boundary_f1(truth, truth) == 1


def test_guided_edges_of_the_motorcycle_are_better_and_its_order_as_good() -> None:
    rgb, _, truth = data.stereo_motorcycle()
    engine = open_engine(Settings(precision="fp32", weights="bundled"))
    engine.load()
    depth = engine.infer(prepare(rgb, *net_size(*rgb.shape[:2]))[None])[0]
    full = {name: make(depth, rgb) for name, make in METHODS.items()}
    edges = {name: boundary_f1(values, truth) for name, values in full.items()}
    order = {name: ordinal_accuracy(values, truth) for name, values in full.items()}
    assert edges["guided"] > 1.5 * edges["cubic"]
    assert order["guided"] > order["cubic"] - 0.002
