"""Promptable models: an image encoder and SAM's prompt encoder and mask decoder."""
