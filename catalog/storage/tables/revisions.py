"""Revisions of units, which of them is in force, and what attests it."""
