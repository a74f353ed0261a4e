"""The handlers of the admin API, a module for each file of its contract."""
