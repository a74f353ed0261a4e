"""The estate: at a glance, as a graph, and its scorecards."""
