"""Odoo's RPC as legacy clients speak it: one call read from every dialect, judged by the contract's guard."""
