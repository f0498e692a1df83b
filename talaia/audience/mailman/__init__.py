"""A Mailman 3 keeps the list: its settings, its members, what is posted to it, and whether it is well."""
