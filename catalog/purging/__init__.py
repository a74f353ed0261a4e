"""Answers that gateways keep, and who has them forgotten."""
