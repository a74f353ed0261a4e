"""How limits are counted, in process and on the shared server."""
