"""The audit log: what was decided and changed, by whom and why, in a chain that nobody alters unseen."""
