"""The OAuth 2.0 authorisation server."""
