"""Names that become names of files on any system; the page follows the same rule (web/src/formats/fileName.ts)."""

import re
import unicodedata
from collections.abc import Container, Iterable

LONGEST = 120  # bytes in UTF-8; a file's whole name may have 255, of which this is a part
LONGEST_ENDING = 16  # what is longer is part of the name
# Windows takes none of these, whatever their ending.
RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|con(in|out)\$)")
REFUSED = '<>:"/\\|?*'  # in names, by Windows
JOINERS = "\u200c\u200d"  # between letters, as Persian and Hindi are written
VIRAMA = 9  # combining class of signs that join two consonants


def file_name(name: str) -> str:
    """Return a name in small letters of any script, with their marks, and digits; everything else becomes a hyphen.

    In Unicode's composed form. `object` where nothing is left.
    """
    lower = unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).lower())
    hyphened = "".join(c if unicodedata.category(c)[0] in "LMN" else "-" for c in lower)
    kept = ""
    for c in hyphened:
        alone = not kept or kept[-1] == "-"
        if not (alone and (c == "-" or unicodedata.category(c)[0] == "M")):  # a mark needs a letter to stand on
            kept += c
    short = _shorten(kept).rstrip("-")
    return f"{short}-object" if RESERVED.fullmatch(short) else short or "object"


def kept_name(name: str) -> str:
    """Return a file's name, with its ending, as every system takes it: in NFC, and otherwise unchanged where that is enough."""
    composed = unicodedata.normalize("NFC", name)
    stem, dot, ending = composed.rpartition(".") if "." in composed[1:] else (composed, "", "")
    if len(ending.encode(errors="replace")) > LONGEST_ENDING:
        stem, dot, ending = composed, "", ""
    if _is_plain(stem) and (not dot or _is_plain(ending)):
        return composed
    return file_name(stem) + (f".{file_name(ending)}" if dot and ending.strip() else "")


def distinct(names: Iterable[str], taken: Container[str] = ()) -> list[str]:
    """Number names that occur again, or are `taken` (in small letters), before their ending: a.jpg, a-2.jpg.

    Their letters' case does not tell them apart: on many disks it does not either.
    """
    found: list[str] = []
    used: set[str] = set()
    for name in names:
        stem, dot, ending = name.rpartition(".") if "." in name[1:] else (name, "", "")
        free, number = name, 2
        while free.lower() in used or free.lower() in taken:
            free, number = f"{stem}-{number}{dot}{ending}", number + 1
        used.add(free.lower())
        found.append(free)
    return found


def is_kept(name: str) -> bool:
    """Whether every system takes a file's name as it is."""
    return kept_name(name) == name


def _is_plain(part: str) -> bool:
    first = part.split(".", 1)[0].strip().lower()
    return (
        bool(part)
        and len(part.encode(errors="replace")) <= LONGEST
        and part[0] not in " .-"
        and part[-1] not in " ."
        and unicodedata.category(part[0])[0] != "M"
        and not RESERVED.fullmatch(first)
        and all(c == " " or c in JOINERS or (c not in REFUSED and unicodedata.category(c)[0] not in "CZ") for c in part)
    )


def _shorten(name: str) -> str:
    """The beginning of a name that fits, ending with a whole letter: not before a mark, nor after a sign that joins."""
    if len(name.encode()) <= LONGEST:
        return name
    end = len(name.encode()[:LONGEST].decode(errors="ignore"))
    while end and (unicodedata.category(name[end])[0] == "M" or unicodedata.combining(name[end - 1]) == VIRAMA):
        end -= 1
    return name[:end]
