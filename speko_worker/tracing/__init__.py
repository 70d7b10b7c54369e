"""A call as spans of OpenTelemetry: measured by the worker, stored with the session, exported where that is wanted."""
