"""The keys that sign tokens: how they follow each other, and how one is withdrawn."""
