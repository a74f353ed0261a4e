"""Calls that cost money name the purchase order that they are charged to, in a header field of their own."""

from ostiary_purchase_order.purchase_order import policy

__all__ = ["policy"]
