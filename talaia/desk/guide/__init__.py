"""The how-to of operators, shown at the desk."""
