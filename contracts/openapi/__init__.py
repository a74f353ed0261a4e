"""One OpenAPI document, checked in full and compiled into operations."""
