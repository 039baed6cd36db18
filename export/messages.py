"""Print results to stdout and notes to stderr."""

import sys


def say(text: str) -> None:
    """Print a result."""
    print(text, flush=True)


def note(text: str) -> None:
    """Print a note for people; programs need not read it."""
    print(text, file=sys.stderr, flush=True)
