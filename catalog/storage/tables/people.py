"""Members' tokens and what members delegate."""
