"""Change requests: the queue, and one page for each with all that a decision is about."""
