"""Version adapters: requests and answers of one version as those of another, and the proof that they are."""
