"""The HTTP/1.1 wire: what the listener and the upstream client share."""
