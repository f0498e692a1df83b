"""Incidents at the desk: view, form and template of each thing that is done."""
