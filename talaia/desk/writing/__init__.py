"""What comes before publishing: suggestions, the first words for each kind of trouble, drafts, differences."""
