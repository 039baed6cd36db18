"""Every mode and colour profile of a picture as 8-bit sRGB."""

import io

import numpy as np
from PIL import Image, ImageCms

SRGB = ImageCms.createProfile("sRGB")
STEPS = 9  # a side, of the colours that tell whether a profile changes anything
SAME = 2  # levels; a profile that moves no colour farther is sRGB by another name
SPACES = {"L": "GRAY", "RGB": "RGB", "CMYK": "CMYK", "LAB": "Lab"}


def srgb(image: Image.Image) -> Image.Image:
    """Return a loaded picture of any mode as RGB, or RGBA where it can be seen through.

    16 bits a channel become 8 over their whole range; a picture in whole or floating numbers without a stated range gets the one
    that its values show (0 … 1, 0 … 255, 0 … 65535, or least to largest). An embedded ICC profile is converted from; one that is
    damaged or of another kind of colour is left out of account, as browsers do.
    """
    profile = image.info.get("icc_profile")
    image = _eight_bits(image)
    if image.mode == "La":
        image = image.convert("LA")
    if not image.has_transparency_data:
        return _converted(_in_colours(image), profile)
    _shorten_clear_colour(image)
    clear = image.convert("RGBA")
    colour = image.getchannel("L") if image.mode == "LA" else clear.convert("RGB")
    result = _converted(colour, profile)
    result.putalpha(clear.getchannel("A"))
    return result


def levels(values: np.ndarray, whole_range: bool = True) -> np.ndarray:
    """Numbers (H, W) of a deep picture → uint8. `whole_range`: 16-bit unsigned numbers count from 0 to 65535, whatever occurs."""
    if values.dtype.kind == "u" and values.dtype.itemsize == 2 and whole_range:
        low, high = 0.0, 65535.0
    else:
        finite = values[np.isfinite(values)]
        least, largest = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
        ranges = (1.0, 255.0, 65535.0) if values.dtype.kind == "f" else (255.0, 65535.0)
        fits = next((limit for limit in ranges if least >= 0 and largest <= limit), None)
        low, high = (0.0, fits) if fits else (least, largest)
    scaled = (np.nan_to_num(values.astype(np.float64), nan=low, posinf=high, neginf=low) - low) * (255 / (high - low))
    return np.clip(np.rint(scaled), 0, 255).astype(np.uint8)


def _eight_bits(image: Image.Image) -> Image.Image:
    if image.mode == "1":
        return image.convert("L")
    if not image.mode.startswith(("I", "F")):
        return image
    values = np.asarray(image)
    if image.mode == "I" and image.format in ("PNG", "PPM"):  # always 16 bits, in a mode of 32
        values = np.clip(values, 0, 65535).astype(np.uint16)
    grey = Image.fromarray(levels(values))
    hidden = image.info.get("transparency")
    if hidden is not None:
        grey.putalpha(Image.fromarray(np.where(values == hidden, 0, 255).astype(np.uint8)))
    return grey


def _shorten_clear_colour(image: Image.Image) -> None:
    """Of a picture with 16 bits a channel Pillow keeps 8, but of the colour that is clear in it all 16."""
    clear = image.info.get("transparency")
    if image.mode == "RGB" and isinstance(clear, tuple) and max(clear) > 255:
        image.info["transparency"] = tuple(value >> 8 for value in clear)


def _in_colours(image: Image.Image) -> Image.Image:
    """Without a palette, and in one of the modes that profiles are of."""
    return image if image.mode in SPACES else image.convert("RGB")


def _converted(image: Image.Image, profile: bytes | None) -> Image.Image:
    """An opaque L, RGB, CMYK or LAB picture as RGB in sRGB."""
    try:
        source, space = _source(image, profile)
        if space == "RGB" and image.mode == "L":
            image = image.convert("RGB")
        if source is not None and space == SPACES[image.mode]:
            transform = ImageCms.buildTransform(source, SRGB, image.mode, "RGB")
            if image.mode != "RGB" or _changes(transform):
                return ImageCms.applyTransform(image, transform) or image
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        pass
    return image if image.mode == "RGB" else image.convert("RGB")


def _source(image: Image.Image, profile: bytes | None) -> tuple[ImageCms.ImageCmsProfile | None, str]:
    """The profile that a picture's colours are in, if it says so, and of which kind of colours it is."""
    if image.mode == "LAB":  # says it all
        return ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")), SPACES["LAB"]
    if not profile:
        return None, ""
    opened = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    return opened, opened.profile.xcolor_space.strip()


def _changes(transform: ImageCms.ImageCmsTransform) -> bool:
    """Whether a transform from RGB moves any of an even spread of colours: photos that are sRGB anyway stay as they are."""
    side = np.linspace(0, 255, STEPS).round().astype(np.uint8)
    colours = np.stack(np.meshgrid(side, side, side, indexing="ij"), axis=-1).reshape(1, -1, 3)
    moved = ImageCms.applyTransform(Image.fromarray(colours), transform)
    return moved is not None and int(np.abs(np.asarray(moved, np.int16) - colours).max()) > SAME
