"""What visitors say fails for them, on the first page of the desk."""
