"""Who an application is as a client, and how it proves it."""
