"""One local server a vendor, faithful enough for the vendor's own SDK. Each can be told to misbehave."""
