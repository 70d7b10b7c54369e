"""One-shot calls: transcribe, complete, synthesize. Candidates, first event, stream, meter; no session is needed."""
