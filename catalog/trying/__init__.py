"""Calls that people make from the portal, for an application of theirs, through the gateway as it stands."""
