"""The ground floor: OpenAPI contracts in; compiled operations, findings and the snapshot format out. Pure."""
