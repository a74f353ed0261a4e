"""Change requests: what a change needs before it is in force, who decided, and what was waived."""
