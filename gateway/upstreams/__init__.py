"""Where an operation is served: partner APIs over HTTP, and Odoo."""
