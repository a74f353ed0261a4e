"""Extensions, consents, and notices on their way."""
