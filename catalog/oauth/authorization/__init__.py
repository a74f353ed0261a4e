"""The authorisation endpoint: people come to it from an application, and go back to it."""
