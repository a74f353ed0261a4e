"""The deprecation calendar: what ends when, who is spared, and what a version needs before it can be retired."""
