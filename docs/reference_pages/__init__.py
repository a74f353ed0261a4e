"""One module a page of the generated reference; each has a function `page` that returns its Markdown."""
