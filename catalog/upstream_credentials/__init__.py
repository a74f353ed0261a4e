"""Credentials that gateways present to upstreams: owned, ending, rotated; stored sealed and delivered sealed."""
