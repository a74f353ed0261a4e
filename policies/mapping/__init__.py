"""Declared changes to JSON values: rename, move, copy, default, set, drop, convert, compute."""
