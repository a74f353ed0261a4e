"""What people granted to applications, and what follows from it: codes, refresh tokens, consents, their end."""
