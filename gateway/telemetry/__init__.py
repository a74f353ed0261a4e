"""What operators see of the traffic: metrics and traces. The access log is in `gateway.record`."""
