"""Three scenes with exact depth, by a small ray-caster: corridor, street canyon, ball on a table.

`python -m tests.quality.scenes DIR` writes the pictures, to be looked at.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

HEIGHT, WIDTH = 192, 256  # px
Array = NDArray[np.float64]
Texture = Callable[[Array], Array]  # points (N, 3) → RGB (N, 3), 0…1


@dataclass(frozen=True)
class Scene:
    """A picture (H, W, 3) uint8 and each pixel's distance along the optical axis, in meters."""

    depth: Array
    paint: Callable[[], NDArray[np.uint8]]

    @cached_property
    def rgb(self) -> NDArray[np.uint8]:
        """The picture, painted when it is first asked for: that takes most of the time."""
        return self.paint()


@dataclass(frozen=True)
class View:
    """How a camera differs from where a scene has it: for clips."""

    moved: tuple[float, float, float] = (0, 0, 0)  # meters
    yaw: float = 0.0  # to the right, radians
    grain: float = 0.008  # a camera's noise, of 0…1
    seed: int = 5  # of the noise


@dataclass(frozen=True)
class Plane:
    """Points p with p·normal = offset, where `inside` allows. y points down, z away from us."""

    normal: tuple[float, float, float]
    offset: float
    texture: Texture
    inside: Callable[[Array], NDArray[np.bool_]] = lambda p: np.ones(len(p), bool)

    def hit(self, origin: Array, rays: Array) -> Array:
        """Return the distance along each ray (N, 3), inf where it misses."""
        slope = rays @ np.array(self.normal)
        with np.errstate(divide="ignore", invalid="ignore"):
            t = (self.offset - origin @ np.array(self.normal)) / slope
        t[~(np.isfinite(t) & (t > 1e-6))] = np.inf
        near = np.isfinite(t)
        t[near] = np.where(self.inside(origin + rays[near] * t[near, None]), t[near], np.inf)
        return t

    def normals(self, points: Array) -> Array:
        """Return the surface's normal at `points`."""
        return np.broadcast_to(np.array(self.normal), points.shape)


@dataclass(frozen=True)
class Ball:
    """A sphere."""

    center: tuple[float, float, float]
    radius: float
    texture: Texture

    def hit(self, origin: Array, rays: Array) -> Array:
        """Return the distance along each ray (N, 3), inf where it misses."""
        to_center = np.array(self.center) - origin
        a, b = (rays**2).sum(1), rays @ to_center
        root = b**2 - a * (to_center @ to_center - self.radius**2)
        return np.where(root > 0, (b - np.sqrt(np.maximum(root, 0))) / a, np.inf)

    def normals(self, points: Array) -> Array:
        """Return the surface's normal at `points`."""
        return (points - np.array(self.center)) / self.radius


Surface = Plane | Ball


def noise(points: Array, scale: float, seed: int) -> Array:
    """Return smooth noise at `points`, 0…1, shape (N, 1): a few octaves on a periodic lattice."""
    rng = np.random.default_rng(seed)
    total = np.zeros(len(points))
    for octave in range(4):
        lattice = rng.random((16, 16, 16))
        at = points / scale * 2**octave
        corner = np.floor(at).astype(int)
        part = at - corner
        part = part * part * (3 - 2 * part)
        value = np.zeros(len(points))
        for offset in np.ndindex(2, 2, 2):
            weight = np.prod(np.where(offset, part, 1 - part), axis=1)
            value += weight * lattice[tuple(((corner + offset) % 16).T)]
        total += value / 2**octave
    return total[:, None] / 1.875


def rough(
    color: tuple[float, float, float], scale: float, seed: int, depth: float = 0.5
) -> Texture:
    """Return a texture of `color`, darker and lighter by noise."""
    return lambda p: np.array(color) * (1 - depth / 2 + depth * (noise(p, scale, seed) - 0.5))


def tiles(
    texture: Texture, axes: tuple[int, int], sizes: tuple[float, float], joint: float, shade: float
) -> Texture:
    """Return `texture` with joints of `shade` between tiles along two axes (0 x, 1 y, 2 z)."""

    def draw(p: Array) -> Array:
        within = np.stack([(p[:, a] / s) % 1 * s for a, s in zip(axes, sizes, strict=True)], axis=1)
        gap = (within < joint).any(axis=1)[:, None]
        return texture(p) * np.where(gap, shade, 1.0)

    return draw


def windows(wall: Texture, axis: int, storey: float, bay: float) -> Texture:
    """Return `wall` with dark, framed windows, a row per storey and one per bay along `axis`."""

    def draw(p: Array) -> Array:
        u, v = (p[:, axis] / bay) % 1, (p[:, 1] / storey) % 1
        frame = (abs(u - 0.5) < 0.27) & (abs(v - 0.5) < 0.32)
        glass = (abs(u - 0.5) < 0.23) & (abs(v - 0.5) < 0.28)
        color = np.where(frame[:, None], 0.85, wall(p))
        return np.where(glass[:, None], np.array([0.16, 0.2, 0.26]), color)

    return draw


def render(
    surfaces: list[Surface],
    *,
    eye: tuple[float, float, float],
    pitch: float,
    focal_px: float,
    light: tuple[float, float, float],
    sky: tuple[float, float, float] = (0.75, 0.85, 0.97),
    fade: float = 0.0,
    scale: int = 1,
    view: View = View(),
) -> Scene:
    """Return picture and depth of `surfaces` from `eye`, looking along z, `pitch` down (radians).

    `scale` times as large as the network sees it. `light` is a point; `fade` darkens with
    distance, per meter. Four rays per pixel smooth the picture; the depth is that of the pixel's
    center. The sky is infinitely far.
    """
    origin, lamp = np.array(eye) + view.moved, np.array(light)
    height, width = scale * HEIGHT, scale * WIDTH
    turn = _turn(view.yaw)

    def rays(dx: float, dy: float) -> Array:
        return _rays(focal_px, pitch, dx, dy, scale) @ turn

    def paint() -> NDArray[np.uint8]:
        shades = [
            _shade(surfaces, origin, rays(dx, dy), lamp, sky, fade)
            for dx in (0.25, 0.75)
            for dy in (0.25, 0.75)
        ]
        rgb = np.mean(shades, axis=0).reshape(height, width, 3) ** (1 / 2.2)
        rgb += np.random.default_rng(view.seed).normal(0, view.grain, rgb.shape)
        return (rgb.clip(0, 1) * 255).round().astype(np.uint8)

    depth, _ = _nearest(surfaces, origin, rays(0.5, 0.5))
    return Scene(depth.reshape(height, width), paint)


def _rays(focal_px: float, pitch: float, dx: float, dy: float, scale: int) -> Array:
    """Return a ray per pixel with unit length along the optical axis, so that t is the depth."""
    x, y = np.meshgrid(np.arange(scale * WIDTH) + dx, np.arange(scale * HEIGHT) + dy)
    x, y = x / scale, y / scale
    u, v = ((x - WIDTH / 2) / focal_px).ravel(), ((y - HEIGHT / 2) / focal_px).ravel()
    cos, sin = np.cos(pitch), np.sin(pitch)
    return np.stack([u, v * cos + sin, cos - v * sin], axis=1)


def _turn(yaw: float) -> Array:
    """Return the matrix that turns rays (N, 3) to the right; they keep their length along z'."""
    cos, sin = np.cos(yaw), np.sin(yaw)
    return np.array([[cos, 0, -sin], [0, 1, 0], [sin, 0, cos]])


def _nearest(surfaces: list[Surface], origin: Array, rays: Array) -> tuple[Array, NDArray[np.intp]]:
    distances = np.stack([surface.hit(origin, rays) for surface in surfaces])
    return distances.min(0), distances.argmin(0)


def _shade(
    surfaces: list[Surface], origin: Array, rays: Array, light: Array, sky: object, fade: float
) -> Array:
    """Return the color that each ray meets, (N, 3), 0…1 in linear light."""
    depth, which = _nearest(surfaces, origin, rays)
    color = np.tile(np.array(sky), (len(rays), 1))
    for index, surface in enumerate(surfaces):
        mine = (which == index) & np.isfinite(depth)
        points = origin + rays[mine] * depth[mine, None]
        color[mine] = surface.texture(points) * _lit(surfaces, surface, points, light)
        color[mine] *= np.exp(-fade * depth[mine])[:, None]
    return color


def _lit(surfaces: list[Surface], surface: Surface, points: Array, light: Array) -> Array:
    """Return how bright `points` are, (N, 1): ambient, plus the lamp where no ball shades."""
    towards = light - points
    cosine = abs((surface.normals(points) * towards).sum(1)) / np.linalg.norm(towards, axis=1)
    clear = np.ones(len(points), bool)
    for ball in (other for other in surfaces if isinstance(other, Ball) and other is not surface):
        to_ball = np.array(ball.center) - points
        along = ((to_ball * towards).sum(1) / (towards**2).sum(1)).clip(0, 1)
        clear &= np.linalg.norm(to_ball - along[:, None] * towards, axis=1) > ball.radius
    return (0.35 + 0.65 * cosine * clear)[:, None]


def corridor(scale: int = 1, view: View = View()) -> Scene:
    """An office corridor, 2 m wide, doors on both sides, an end wall 14 m away."""
    carpet = tiles(rough((0.32, 0.34, 0.4), 0.3, 1, 0.8), (0, 2), (0.5, 0.5), 0.012, 0.6)
    ceiling = tiles(rough((0.8, 0.8, 0.78), 0.5, 2, 0.1), (0, 2), (0.6, 0.6), 0.02, 0.6)
    plaster = rough((0.72, 0.68, 0.58), 0.9, 3, 0.15)

    def wall(p: Array) -> Array:
        along = (p[:, 2] + 0.4) % 3.0
        door = ((along < 0.9) & (p[:, 1] > -0.5))[:, None]
        skirting = (p[:, 1] > 1.48)[:, None]
        color = np.where(door, rough((0.38, 0.22, 0.12), 0.4, 4, 0.4)(p), plaster(p))
        return np.where(skirting, 0.25, color)

    surfaces: list[Surface] = [
        Plane((0, 1, 0), 1.6, carpet),
        Plane((0, 1, 0), -1.0, ceiling),
        Plane((1, 0, 0), -1.0, wall),
        Plane((1, 0, 0), 1.0, wall),
        Plane((0, 0, 1), 14.0, rough((0.6, 0.6, 0.55), 0.8, 5, 0.2)),
    ]
    return render(
        surfaces,
        eye=(0.15, 0, 0),
        pitch=0.03,
        focal_px=190,
        light=(0, -0.9, 3),
        fade=0.06,
        scale=scale,
        view=view,
    )


def street(scale: int = 1, view: View = View()) -> Scene:
    """A street between two rows of houses under an open sky."""
    asphalt = rough((0.25, 0.25, 0.26), 0.7, 11, 0.5)
    pavement = tiles(rough((0.5, 0.48, 0.45), 0.5, 12, 0.3), (0, 2), (0.8, 0.8), 0.03, 0.6)
    brick = rough((0.5, 0.27, 0.2), 0.6, 13, 0.4)
    stone = rough((0.62, 0.58, 0.5), 0.8, 14, 0.3)

    def ground(p: Array) -> Array:
        side = (abs(p[:, 0]) > 3.5)[:, None]
        mark = ((abs(p[:, 0]) < 0.08) & (p[:, 2] % 4 < 2))[:, None]
        return np.where(side, pavement(p), np.where(mark, 0.85, asphalt(p)))

    def below_roof(height: float) -> Callable[[Array], NDArray[np.bool_]]:
        return lambda p: (p[:, 1] > -height) & (p[:, 2] < 70)

    surfaces: list[Surface] = [
        Plane((0, 1, 0), 1.6, ground, lambda p: p[:, 2] < 400),
        Plane((1, 0, 0), -6.0, windows(brick, 2, 3.0, 2.5), below_roof(9)),
        Plane((1, 0, 0), 6.0, windows(stone, 2, 3.2, 3.0), below_roof(12)),
    ]
    return render(
        surfaces,
        eye=(1.2, 0, 0),
        pitch=0.0,
        focal_px=200,
        light=(-30, -80, -20),
        fade=0.004,
        scale=scale,
        view=view,
    )


def ball_on_a_table(
    scale: int = 1,
    view: View = View(),
    rolled: float = 0.0,
) -> Scene:
    """A ball of 16 cm on a table, seen from above, a wall behind; `rolled` m to the right."""

    def wood(p: Array) -> Array:
        grain = noise(p * np.array([1.0, 1.0, 8.0]), 0.6, 21)
        return np.array([0.5, 0.32, 0.18]) * (0.6 + 0.7 * grain)

    stripes = rough((0.75, 0.16, 0.12), 0.05, 22, 0.3)

    def ball(p: Array) -> Array:
        white = (abs(p[:, 1] - 0.37) < 0.012)[:, None]
        return np.where(white, 0.9, stripes(p))

    surfaces: list[Surface] = [
        Plane((0, 1, 0), 0.45, wood, lambda p: (p[:, 2] < 1.9) & (abs(p[:, 0]) < 1.0)),
        Plane((0, 1, 0), 1.2, rough((0.35, 0.33, 0.3), 0.3, 23, 0.5)),
        Plane((0, 0, 1), 3.2, rough((0.55, 0.62, 0.6), 0.8, 24, 0.2)),
        Ball((0.05 + rolled, 0.37, 0.95), 0.08, ball),
    ]
    return render(
        surfaces,
        eye=(0, 0, 0),
        pitch=0.38,
        focal_px=240,
        light=(-0.8, -0.9, 0.3),
        scale=scale,
        view=view,
    )


def posts(scale: int = 1, view: View = View()) -> Scene:
    """Three posts of 10 cm, 2 m away, before a wall of bricks and a lawn: thin things."""
    lawn = rough((0.3, 0.42, 0.2), 0.25, 31, 0.8)
    bricks = tiles(rough((0.55, 0.33, 0.26), 0.3, 32, 0.5), (0, 1), (0.4, 0.16), 0.02, 1.5)
    wood = rough((0.62, 0.55, 0.42), 0.12, 33, 0.5)

    def post(x: float) -> Plane:
        return Plane((0, 0, 1), 2.0, wood, lambda p: abs(p[:, 0] - x) < 0.05)

    surfaces: list[Surface] = [
        Plane((0, 1, 0), 1.2, lawn),
        Plane((0, 0, 1), 6.0, bricks),
        *(post(x) for x in (-0.6, 0.2, 0.9)),
    ]
    return render(
        surfaces,
        eye=(0, 0, 0),
        pitch=0.12,
        focal_px=240,
        light=(-2, -3, -1),
        scale=scale,
        view=view,
    )


SCENES: dict[str, Callable[..., Scene]] = {
    "corridor": corridor,
    "street": street,
    "ball": ball_on_a_table,
}

if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, make in SCENES.items():
        scene = make()
        disparity = 1 / scene.depth
        grey = (255 * disparity / disparity.max()).round().astype(np.uint8)
        Image.fromarray(scene.rgb).save(folder / f"{name}.png")
        Image.fromarray(grey).save(folder / f"{name}.disparity.png")
