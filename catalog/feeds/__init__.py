"""What is new about an API or for a consumer, as feeds that a reader polls, and by e-mail."""
