"""How well what is in force is governed: findings over time, an overview, the graph of it, and scorecards."""
