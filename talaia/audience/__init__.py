"""Who is told: the membership export, the ledger of addresses that follows it, and the list that follows the ledger."""
