"""Alembic's script directory. It ships with the package; the catalog runs it at every start."""
