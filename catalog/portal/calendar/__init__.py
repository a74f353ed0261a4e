"""The deprecation calendar: what ends when, who is spared, and who still calls."""
