"""Back-ups of the store: everything as one file, the same bytes for the same content whatever the database."""
