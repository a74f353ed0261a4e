"""Usage: what gateways told of the traffic, kept by hour and day, and what a change means to those who call."""
