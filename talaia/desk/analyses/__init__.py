"""Analyses at the desk."""
