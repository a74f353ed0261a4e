"""The token endpoint and what becomes of tokens: issued, exchanged, introspected, revoked."""
