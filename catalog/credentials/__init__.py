"""Credentials of applications: their format, and the ledger that issues and checks them."""
