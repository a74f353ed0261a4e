"""Schema containment: is every instance of one schema one of another, and what changed between the two?"""
