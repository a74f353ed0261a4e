"""Usage: what gateways tell the catalog of the traffic, and the names of what is observed in requests."""
