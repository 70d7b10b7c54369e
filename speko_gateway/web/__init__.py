"""What people see in a browser: sign-in, dashboard, talk page. Logic stays in operations and services."""
