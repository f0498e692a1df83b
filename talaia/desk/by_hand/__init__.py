"""Services set by hand."""
