"""How the answers of a mirror are held against those that callers got."""
