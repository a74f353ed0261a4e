"""The portal: pages for partners, security, architects and everyone else, over the admin API's own operations."""
