"""Voice worker: carries out session plans with livekit-agents and reports turns back."""
