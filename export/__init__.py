"""Distil, train, evaluate and export promptable segmentation models for the browser.

Every step is one command that reads files and writes files: `python -m export --help`.
"""
