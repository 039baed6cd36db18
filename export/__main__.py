"""`python -m export`: one command a step."""

from export.cli.steps import main

__all__ = ["main"]

if __name__ == "__main__":
    main(prog_name="python -m export")
