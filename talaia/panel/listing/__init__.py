"""Which services and groups are on the panel."""
