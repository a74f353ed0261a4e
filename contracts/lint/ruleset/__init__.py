"""Rulesets in Spectral's format: read strictly, extended, overridden, and made ready to run."""
