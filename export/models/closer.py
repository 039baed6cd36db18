"""`CloserPhoto`: a photo that answers like `Photo`, and looks again: around what is small, or where the person has zoomed in.

The rule is in look_again.py.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from export.models.look_again import (
    AGREEMENT,
    OVERLAP,
    Region,
    agreement,
    box_of,
    chosen,
    hull,
    is_whole,
    region_around,
    resample,
    sealed,
    view_for,
    whole_ones,
)
from export.models.predictor import Answer, Offer, Photo, Predictor, Prompt

MOST = 4  # regions of a photo that stay encoded


class CloserPhoto:
    """A photo of which small regions are encoded too, on demand."""

    def __init__(self, predictor: Predictor, photo: np.ndarray) -> None:
        self.predictor, self.pixels = predictor, photo
        self.height, self.width = photo.shape[:2]
        self.whole = Photo(predictor, photo)
        self._regions: OrderedDict[Region, Photo] = OrderedDict()

    def answers(self, prompts: Sequence[Prompt], all_candidates: bool = False) -> list[Answer]:
        """As `Photo.answers`. A prompt whose earlier answer came from a region is answered there, if the region holds all of it."""
        return [self._answer(prompt, all_candidates) for prompt in prompts]

    def _answer(self, prompt: Prompt, all_candidates: bool) -> Answer:
        asked = hull(prompt.points, prompt.box)
        if prompt.region and asked and prompt.region.holds(asked):
            offer = self._sealed(prompt.region, self._near(prompt.region, prompt))
            if (offer.logits[offer.best] > 0).any():
                return self._shown(offer, [prompt.region] * len(offer.predicted), all_candidates)
        return self._from_afar(prompt, all_candidates)

    def _from_afar(self, prompt: Prompt, all_candidates: bool) -> Answer:
        """First the whole photo, then the region that its answer lies in, or the view that the person has zoomed in to."""
        if prompt.region and prompt.mask is not None:
            mask = resample(prompt.mask, prompt.region.rect, self.whole.frame)
            prompt = replace(prompt, mask=mask, region=None)
        (offer,) = self.whole.offers([prompt])
        regions: list[Region | None] = [None] * len(offer.predicted)
        around = self._region_for(prompt, offer)
        region = around or view_for(prompt.view, prompt.points, prompt.box)
        if region is None:
            return self._shown(offer, regions, all_candidates)
        earlier = [resample(grid, self.whole.frame, region.rect) for grid in offer.logits]
        # Beside a lone point, the mask of an answer that missed would weigh too much.
        known = None if prompt.lone_point else earlier[offer.best]
        found = self._near(region, replace(prompt, mask=known, region=region))
        near = self._sealed(region, found)
        if around:
            places, best = _agreeing(earlier, offer.best, near, prompt.lone_point), offer.best
        else:
            whole = [is_whole(grid, region, self.width, self.height) for grid in found.logits]
            places = whole_ones(whole, near.best)
            best = near.best if whole[near.best] else offer.best
        logits, predicted = offer.logits.copy(), list(offer.predicted)
        for i, place in enumerate(places):
            if place is not None:
                logits[i], predicted[i], regions[i] = near.logits[place], near.predicted[place], region
        return self._shown(Offer(logits, tuple(predicted), best), regions, all_candidates)

    def _region_for(self, prompt: Prompt, offer: Offer) -> Region | None:
        """The region around what was meant (the person's box or the first answer's) and all points; None where it is large."""
        meant = prompt.box or box_of(offer.logits[offer.best], self.whole.frame, self.width, self.height)
        box = hull(prompt.points, meant) if meant else None
        return region_around(box, self.width, self.height) if box else None

    def _near(self, region: Region, prompt: Prompt) -> Offer:
        """What the model answers when the region is all that it sees."""
        box = prompt.box and region.box(prompt.box)
        moved = replace(prompt, points=region.points(prompt.points), box=box, region=None)
        (offer,) = self._encoded(region).offers([moved])
        return offer

    def _sealed(self, region: Region, offer: Offer) -> Offer:
        return replace(offer, logits=sealed(offer.logits, region, self.width, self.height))

    def _encoded(self, region: Region) -> Photo:
        if region not in self._regions:
            x, y, side = region.x, region.y, region.side
            self._regions[region] = Photo(self.predictor, self.pixels[y : y + side, x : x + side])
            if len(self._regions) > MOST:
                self._regions.popitem(last=False)
        self._regions.move_to_end(region)
        return self._regions[region]

    def _shown(self, offer: Offer, regions: Sequence[Region | None], all_candidates: bool) -> Answer:
        shown = list(range(len(regions))) if all_candidates else [offer.best]
        masks = np.stack([self._full_size(offer.logits[i], regions[i]) for i in shown])
        predicted = tuple(offer.predicted[i] for i in shown)
        best = offer.best
        return Answer(masks, shown.index(best), predicted, offer.logits[best].copy(), regions[best])

    def _full_size(self, grid: np.ndarray, region: Region | None) -> np.ndarray:
        """A candidate as a boolean mask (H, W) at the photo's own resolution."""
        if region is None:
            return self.whole.full_size(grid[None])[0]
        mask = np.zeros((self.height, self.width), bool)
        rows, columns = slice(region.y, region.y + region.side), slice(region.x, region.x + region.side)
        mask[rows, columns] = self._encoded(region).full_size(grid[None])[0]
        return mask


def _agreeing(earlier: Sequence[np.ndarray], best: int, near: Offer, lone: bool) -> list[int | None]:
    """For each of the first answer's grids (G, G), which one from near agrees with it enough to take its place.

    best: the number of the preselected one; lone: the prompt is a lone point.
    """
    places: list[int | None] = []
    for i, first in enumerate(earlier):
        fits = [agreement(first, second) for second in near.logits]
        if i == best and not lone:
            places.append(near.best if fits[near.best] >= OVERLAP else None)
        else:
            places.append(chosen(fits, near.predicted, OVERLAP if i == best else AGREEMENT))
    return places
