"""Print results to stdout and notes to stderr."""

import sys


def say(text: str) -> None:
    """Print a result."""
    print(_printable(text), flush=True)


def note(text: str) -> None:
    """Print a note for people; programs need not read it."""
    print(_printable(text), file=sys.stderr, flush=True)


def _printable(text: str) -> str:
    """Bytes of file names that are no text stand as \\udc…: no output takes them as they are."""
    return text.encode(errors="backslashreplace").decode()
