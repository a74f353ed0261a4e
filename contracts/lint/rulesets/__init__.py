"""The rulesets that come with us, as YAML in Spectral's format."""
