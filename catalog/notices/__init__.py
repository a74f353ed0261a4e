"""Notices: what people are told of, written together with what it tells of, and delivered until it has arrived."""
