"""How a message is held against its contract: JSON, media types, parameters and schemas."""
