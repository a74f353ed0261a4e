"""Taking an existing OpenAPI document into an estate."""
