"""The published site: snapshot of the rows → finished pages → a folder of files."""
