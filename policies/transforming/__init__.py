"""Declared changes to requests and answers on their way between clients and upstreams."""
