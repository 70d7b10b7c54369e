"""Recording a call: both sides on one clock, mixed, encoded to disk, delivered to the gateway."""
