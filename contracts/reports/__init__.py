"""Findings for readers and machines: one small type, seven formats, and waivers that let single findings pass."""
