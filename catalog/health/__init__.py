"""How things are now: APIs by their traffic, upstreams by what gateways report, and what was promised of both."""
