"""The organization's own phone numbers, which its SIP trunks carry."""
