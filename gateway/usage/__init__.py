"""Usage: what is counted of each consumer's calls, and how it reaches the catalog."""
