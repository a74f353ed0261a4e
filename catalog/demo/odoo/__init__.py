"""A stand-in for an Odoo server, faithful on the wire, for the demonstration and the tests.

It answers `/jsonrpc`, `/xmlrpc`, `/json/2`, the session calls and the health routes as Odoo 17, 18 and 19
do, odd corners included, over a small in-memory database. What it must do is fixed by recorded exchanges
with a real Odoo 19 (`tests/data/odoo-exchanges.json`); the conformance tests replay them.

`server.build_app` makes the application, `server.serve` runs it inside a process that is already
running, and `python -m catalog.demo.odoo --port N` runs it alone.
"""
