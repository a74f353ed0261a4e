"""Making the gateway's compiled form. Nothing here runs in a gateway."""
