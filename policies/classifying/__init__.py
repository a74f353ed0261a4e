"""What is taken out of answers, by the class that their schemas give it."""
