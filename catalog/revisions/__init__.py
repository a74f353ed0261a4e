"""Revisions: the content-addressed states of an estate's units, which are in force, and what attests it."""
