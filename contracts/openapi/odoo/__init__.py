"""`x-ostiary-odoo`: the mapping from an operation to a model."""
