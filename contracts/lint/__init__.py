"""The linter: rulesets in Spectral's format, run over OpenAPI documents whose every value knows its place."""
