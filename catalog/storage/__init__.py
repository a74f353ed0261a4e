"""The store: engine, tables and migrations."""
