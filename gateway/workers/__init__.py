"""Several worker processes on one port: started, watched, and seen as one gateway."""
