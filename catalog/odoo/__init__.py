"""From Odoo's models to governed contracts: what an Odoo has, as a key sees it, and the OpenAPI made of it."""
