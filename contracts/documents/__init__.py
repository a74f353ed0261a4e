"""Files as values that know their place: YAML 1.2 and JSON, read with every fault at once."""
