"""How people log in: accounts, second factors, an external provider, sessions."""
