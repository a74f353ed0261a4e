"""What the endpoints of RFC 6749 and its followers read and answer, before it is known who asks."""
