"""Mediation between a REST contract and an Odoo model."""
