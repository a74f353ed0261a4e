"""Rules in CEL: what they may read, whether their types are right, what they may cost, and what they say."""
