"""Pictures whose opacity and foreground colour are known: drawn things and objects of photos, in front of other photos."""

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage

from export.data.samples import ShardDataset

GRAIN = 2.0  # of 255, like a photo taken by daylight
QUALITY = 92  # of the JPEG that the composite has been


@dataclass(frozen=True)
class Composite:
    """What is in front, and the photo of it.

    alpha: (H, W) float32, 0 to 1. foreground: (H, W, 3) float32, 0 to 255. photo: (H, W, 3) uint8.
    """

    name: str
    kind: str
    alpha: np.ndarray
    foreground: np.ndarray
    photo: np.ndarray


def composites(photos: ShardDataset, count: int, size: tuple[int, int], seed: int) -> Iterator[Composite]:
    """`count` of each kind; size: (width, height). Equal arguments give equal pictures."""
    order = np.random.default_rng(seed).permutation(len(photos))
    place = 0

    def photo() -> np.ndarray:
        nonlocal place
        place += 1
        return _filling(photos[int(order[place % len(order)])].photo, size)

    for kind, draw in DRAWN.items():
        for number in range(count):
            rng = np.random.default_rng([seed, number, *kind.encode()])
            alpha = draw(rng, size)
            yield _composed(f"{kind}-{number}", kind, alpha, _texture(rng, photo()), photo(), rng)
    for number in range(count):
        rng = np.random.default_rng([seed, number])
        foreground, alpha = _object(rng, photos, order, place, size)
        place += 40
        yield _composed(f"object-{number}", "object", alpha, foreground, photo(), rng)


def _composed(
    name: str, kind: str, alpha: np.ndarray, foreground: np.ndarray, ground: np.ndarray, rng: np.random.Generator
) -> Composite:
    opacity = alpha[..., None]
    seen = opacity * foreground + (1 - opacity) * ground + rng.normal(0, GRAIN, ground.shape)
    file = io.BytesIO()
    Image.fromarray(seen.clip(0, 255).astype(np.uint8)).save(file, "JPEG", quality=QUALITY)
    return Composite(name, kind, alpha, foreground, np.asarray(Image.open(file)))


def _filling(photo: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """The middle of a photo, enlarged to just cover the picture."""
    image = Image.fromarray(photo)
    scale = max(size[0] / image.width, size[1] / image.height)
    width, height = size[0] / scale, size[1] / scale
    left, top = (image.width - width) / 2, (image.height - height) / 2
    box = (left, top, left + width, top + height)
    return np.asarray(image.resize(size, Image.Resampling.BICUBIC, box), np.float32)


def _texture(rng: np.random.Generator, photo: np.ndarray) -> np.ndarray:
    """One colour with a part of a photo's light and shade: what a drawn thing is made of."""
    colour = rng.uniform(15, 240, 3)
    size = (photo.shape[1], photo.shape[0])
    light = photo - photo.mean((0, 1))
    clouds = Image.fromarray(rng.integers(98, 158, (9, 12, 3), np.uint8)).resize(size, Image.Resampling.BICUBIC)
    return np.asarray((colour + 0.25 * light + np.asarray(clouds, np.float32) - 128).clip(0, 255), np.float32)


def _object(
    rng: np.random.Generator, photos: ShardDataset, order: np.ndarray, place: int, size: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray]:
    """An object of a photo with its own colours; its outline is as sharp or as soft as chance will have it.

    Around the object its colours go on, so that there is a foreground wherever it is not quite transparent.
    """
    for step in range(40):
        sample = photos[int(order[-1 - (place + step) % len(order)])]
        masks = [mask for mask in sample.masks() if 0.05 < mask.mean() < 0.5]
        if masks:
            break
    else:
        raise ValueError("No photo has an object of middling size.")
    inside = _filling(np.repeat(masks[0][..., None] * np.uint8(255), 3, 2), size)[..., 0] > 127
    colour = _filling(sample.photo, size)
    nearest = ndimage.distance_transform_edt(~ndimage.binary_erosion(inside, iterations=6), return_indices=True)[1]
    colour = np.where(inside[..., None], colour, colour[tuple(nearest)])
    smooth = ndimage.gaussian_filter(inside.astype(np.float32), 4) > 0.5
    return colour, np.asarray(ndimage.gaussian_filter(smooth.astype(np.float32), rng.choice([0.7, 1.5, 4.0])))


def _canvas(size: tuple[int, int]) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    image = Image.new("L", (size[0] * 2, size[1] * 2))
    return image, ImageDraw.Draw(image)


def _read(image: Image.Image, size: tuple[int, int]) -> np.ndarray:
    return np.asarray(image.resize(size, Image.Resampling.BOX), np.float32) / 255


def _curve(start: np.ndarray, way: np.ndarray, bend: np.ndarray, steps: int = 16) -> list[tuple[float, float]]:
    return [tuple(start + t * way + t * t * bend) for t in np.linspace(0, 1, steps)]


def _hair(rng: np.random.Generator, size: tuple[int, int]) -> np.ndarray:
    """A head with hair that stands off: strands of one to three pixels."""
    image, draw = _canvas(size)
    unit = min(size) * 2
    middle = np.array([size[0], size[1] * 1.05])
    radii = np.array([0.26, 0.31]) * unit
    draw.ellipse([*(middle - radii), *(middle + radii)], fill=255)
    for _ in range(700):
        angle = rng.uniform(-np.pi, 0.15) if rng.random() < 0.85 else rng.uniform(-np.pi, np.pi)
        out = np.array([np.cos(angle), np.sin(angle)])
        start = middle + radii * out * rng.uniform(0.9, 1)
        way = out * unit * rng.gamma(2, 0.03)
        bend = rng.normal(0, 0.035, 2) * unit
        strand = _curve(start, way, bend)
        draw.line(strand, fill=int(rng.uniform(120, 255)), width=int(rng.integers(2, 6)), joint="curve")
    return _read(image, size)


def _fur(rng: np.random.Generator, size: tuple[int, int]) -> np.ndarray:
    """A blot with short, dense hair all around."""
    image, draw = _canvas(size)
    unit = min(size) * 2
    middle = np.array([size[0], size[1]], float)
    turns = rng.normal(0, 0.05, 5)

    def shape(angle: float) -> float:
        return float(unit * (0.27 + 0.5 * sum(a * np.sin((n + 2) * angle + n) for n, a in enumerate(turns))))

    angles = np.linspace(0, 2 * np.pi, 200)
    draw.polygon([tuple(middle + shape(a) * np.array([np.cos(a), np.sin(a)])) for a in angles], fill=255)
    for angle in rng.uniform(0, 2 * np.pi, 2500):
        out = np.array([np.cos(angle), np.sin(angle)])
        lean = np.array([-out[1], out[0]]) * rng.normal(0.3, 0.4)
        way = (out + lean) * unit * rng.gamma(4, 0.006)
        strand = _curve(middle + out * shape(angle) * 0.98, way, lean * 0.01 * unit, 6)
        draw.line(strand, fill=int(rng.uniform(90, 255)), width=3)
    return _read(image, size)


def _soft(rng: np.random.Generator, size: tuple[int, int]) -> np.ndarray:
    """Round things out of focus, each to another degree."""
    out = np.zeros(size[::-1], np.float32)
    y, x = np.mgrid[: size[1], : size[0]] + 0.5
    for place in (0.27, 0.73):
        radius = min(size) * rng.uniform(0.2, 0.3)
        away = np.hypot(x - size[0] * place, y - size[1] * rng.uniform(0.4, 0.6))
        width = min(size) * rng.uniform(0.003, 0.04)
        t = ((radius - away) / width / 2 + 0.5).clip(0, 1)
        out = np.maximum(out, (t * t * (3 - 2 * t)).astype(np.float32))
    return out


def _thin(rng: np.random.Generator, size: tuple[int, int]) -> np.ndarray:
    """A wheel with spokes, and twigs."""
    image, draw = _canvas(size)
    unit = min(size) * 2
    middle = np.array([size[0] * 0.8, size[1]])
    radius = unit * 0.33
    draw.ellipse([*(middle - radius), *(middle + radius)], outline=255, width=int(unit * 0.025))
    draw.ellipse([*(middle - radius * 0.12), *(middle + radius * 0.12)], fill=255)
    for angle in np.linspace(0, 2 * np.pi, 15)[:-1] + rng.uniform():
        end = middle + radius * np.array([np.cos(angle), np.sin(angle)])
        draw.line([*middle, *end], fill=255, width=int(rng.integers(6, 14)))
    stem = np.array([size[0] * 1.55, size[1] * 1.75])
    way, bend = np.array([0, -size[1] * 1.4]), np.array([rng.normal(0, 0.1) * unit, 0])
    trunk = _curve(stem, way, bend, 30)
    draw.line(trunk, fill=255, width=int(unit * 0.025), joint="curve")
    for at in trunk[4:]:
        out = np.array([rng.choice([-1, 1]) * rng.uniform(0.05, 0.16), -rng.uniform(0.02, 0.1)]) * unit
        draw.line(_curve(np.array(at), out, rng.normal(0, 0.02, 2) * unit, 8), fill=255, width=int(rng.integers(5, 14)))
    return _read(image, size)


DRAWN: dict[str, Callable[[np.random.Generator, tuple[int, int]], np.ndarray]] = {
    "hair": _hair,
    "fur": _fur,
    "soft": _soft,
    "thin": _thin,
}
