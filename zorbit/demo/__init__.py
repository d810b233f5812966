DEMO_EMAIL = "demo@example.com"
ADMIN_EMAIL = "admin@example.com"
PUBLISHER_EMAIL = "publisher@example.com"
