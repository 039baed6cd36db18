"""What a step says while it runs: results go to stdout, notes to stderr."""

import sys


def say(text: str) -> None:
    """Print a result."""
    print(text, flush=True)


def note(text: str) -> None:
    """Print what somebody should know but no program reads."""
    print(text, file=sys.stderr, flush=True)
