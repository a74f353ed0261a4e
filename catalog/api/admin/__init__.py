"""The admin API: an OpenAPI contract of our own, enforced by our own compiler and policies, and its handlers."""
