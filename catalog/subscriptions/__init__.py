"""Subscriptions that partners ask for and owners approve, and whose application is whose."""
