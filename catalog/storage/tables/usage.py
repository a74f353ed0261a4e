"""What consumers called, as gateways tell it."""
