"""What may happen to an exchange: one file a policy, and the order in which they run. No sockets."""
