"""The catalogue of APIs: what there is, what each is for, how it is called, and what changed."""
