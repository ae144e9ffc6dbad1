"""Measured side by side, in one run: the engine, and the pages in a real browser."""
