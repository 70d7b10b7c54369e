"""REST door: routes built from the operation list, streams, the dashboard and the command line."""
