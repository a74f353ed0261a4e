"""What would happen to a request: the stages that a gateway runs, run without one."""
