"""What changed between two OpenAPI documents, and whether it breaks those who call the API."""
