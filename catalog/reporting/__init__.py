"""What gateways report of themselves: how each process is, and a sample of the calls that failed."""
