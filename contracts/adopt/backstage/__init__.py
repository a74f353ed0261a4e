"""Backstage's `catalog-info.yaml`: owners given to another catalog, and taken from it."""
