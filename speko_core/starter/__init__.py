"""The first code of a customer: snippets in their language, and a small web app around an agent."""
