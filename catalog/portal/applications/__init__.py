"""For partners' developers: their applications, what these ask for, and what they have to change."""
