"""Implementations of the ports that the policies declare."""
