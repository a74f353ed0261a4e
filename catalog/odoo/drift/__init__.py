"""Drift: what contracts need of an Odoo, held against what that Odoo has."""
