"""Who acts on the catalog: members of teams, their roles, tokens and delegations."""
