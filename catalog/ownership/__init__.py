"""Ownership: who answers for which API, and what nobody answers for."""
