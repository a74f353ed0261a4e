"""Logging in through an external OpenID provider (OpenID Connect Core 1.0, authorization code flow)."""
