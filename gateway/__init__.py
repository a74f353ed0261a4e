"""The data plane: accepts, normalises, routes, runs the stages, calls the upstream, records. Stateless."""
