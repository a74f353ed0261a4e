"""What the policy `idempotency` is made of."""
