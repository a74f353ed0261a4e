"""What stands between the pipeline and an upstream that fails: breaker, retries, balancing, health."""
