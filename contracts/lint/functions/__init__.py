"""The functions that a rule's `then` may name: Spectral's own, those of its OpenAPI ruleset, and ours."""
