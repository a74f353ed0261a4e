"""For security members and those who hold credentials: the ledger, revocation, and the audit log."""
