"""The history where the community talks: one topic of a forum, or one file of a repository, per event."""
