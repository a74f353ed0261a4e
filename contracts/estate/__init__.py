"""An estate: its files read, checked across each other, and turned into what a snapshot carries."""
