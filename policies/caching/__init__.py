"""What the policy `cache` is made of."""
