"""Change requests, what was decided of them, and waivers."""
