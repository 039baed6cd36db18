"""Exceptions of the library, for faulty input, files and machines; the command line prints them in one line."""


class ExportError(Exception):
    """An error for the reader: `message` names what is wrong and the remedy. Status 1 on the command line."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class UsageError(ExportError):
    """Options or arguments that do not go together. Status 2 on the command line."""
