"""The control plane: the estate, its publication, credentials, the OAuth server, storage and the CLI."""
