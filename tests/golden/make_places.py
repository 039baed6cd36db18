"""Writes places.json: where all masks of a photo are looked for, round by round.

A second, plain implementation of the rule in docs/evaluation.md, one place at a time, so that neither the page nor Python
can drift alone. Run: python -m tests.golden.make_places
"""

import json
from pathlib import Path
from typing import Any

Place = tuple[int, int]  # row, column


def squared(a: Place, b: Place) -> int:
    """The distance of two places."""
    return (a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2


def every(side: int) -> list[Place]:
    """All places, row by row."""
    return [(row, column) for row in range(side) for column in range(side)]


def start(side: int, most: int) -> list[Place]:
    """Every third one, unless all can be tapped."""
    some = [place for place in every(side) if place[0] % 3 == place[1] % 3 == 1]
    return every(side) if side * side <= most else some[:most]


def middle(mask: list[str], side: int) -> Place | None:
    """The place of a mask that is farthest from what is none of it, or beyond the photo; of equals the first."""
    inside = [(row, column) for row, column in every(side) if mask[row][column] == "#"]
    around = [(row, column) for row in range(-1, side + 1) for column in range(-1, side + 1)]
    outside = [place for place in around if place not in inside]
    return max(inside, key=lambda place: min(squared(place, other) for other in outside), default=None)


def further(masks: list[list[str]], tapped: list[Place], side: int, most: int) -> list[Place]:
    """The next round."""
    middles = dict.fromkeys(place for mask in masks if (place := middle(mask, side)) and place not in tapped)
    wanted = list(middles)[:most]
    while not middles and len(wanted) < most and len(tapped) + len(wanted) < side * side:
        nearest = {place: min(squared(place, tap) for tap in [*tapped, *wanted]) for place in every(side)}
        wanted.append(max(nearest, key=lambda place: nearest[place]))
    return wanted


def held(places: set[Place], side: int) -> list[str]:
    """Draw a mask."""
    return ["".join("#" if (row, column) in places else "." for column in range(side)) for row in range(side)]


def masks(side: int) -> list[list[str]]:
    """Some: a bar at the edge, a disc, a ring, the same disc again, two parts, a single place, none, all."""
    everywhere = every(side)
    disc = {place for place in everywhere if squared(place, (4, 6)) <= 9}
    ring = {place for place in everywhere if 9 < squared(place, (5, 5)) <= 20}
    parts = {place for place in everywhere if place[0] > 7 and place[1] not in (3, 4)}
    drawn = [{p for p in everywhere if p[1] < 2}, disc, ring, disc, parts, {(2, 9)}, set(), set(everywhere)]
    return [held(places, side) for places in drawn]


def case(found: list[list[str]], tapped: list[Place], side: int, most: int) -> dict[str, Any]:
    """What is asked and what the answer is, places as numbers."""
    wanted = further(found, tapped, side, most)
    return {"masks": found, "tapped": numbers(tapped, side), "most": most, "further": numbers(wanted, side)}


def numbers(places: list[Place], side: int) -> list[int]:
    """Places row by row."""
    return [row * side + column for row, column in places]


def main() -> None:
    """Write the file."""
    side = 11
    found, first = masks(side), start(side, 99)
    round_two = further(found, first, side, 99)
    content = {
        "side": side,
        "start": [
            {"side": n, "most": most, "places": numbers(start(n, most), n)}
            for n, most in [(1, 204), (3, 9), (4, 15), (11, 99), (11, 5), (32, 204)]
        ],
        "further": [
            case(found, first, side, 99),
            case(found, first, side, 3),
            case(found, first + round_two, side, 20),
            case([], first, side, 6),
            case(found[6:7], every(side)[:-2], side, 6),
        ],
    }
    path = Path(__file__).with_name("places.json")
    path.write_text(json.dumps(content, indent=1) + "\n")
    print(path.name)


if __name__ == "__main__":
    main()
