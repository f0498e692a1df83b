"""The mirror in a Discourse forum: one topic per event, found by its external id; what people write comes back."""
