"""Pages for people: templates, what they look like, and what holds for every one of them."""
