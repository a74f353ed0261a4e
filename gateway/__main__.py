"""`python -m gateway`: the gateway's process, set up by environment variables `OSTIARY_GATEWAY_…`."""

from gateway.main import main

main()
