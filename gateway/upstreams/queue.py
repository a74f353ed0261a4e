"""How many calls may wait for a connection of an upstream's budget."""


def most_waiting(connections: int) -> int:
    """A few for each connection. One more is refused at once: those who wait are open requests of the gateway,
    and one slow upstream must not take up its whole room."""
    return max(64, 4 * connections)
