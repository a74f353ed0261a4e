"""The demonstration: an Odoo stand-in, a carrier, a sample estate, and what starts them together."""
