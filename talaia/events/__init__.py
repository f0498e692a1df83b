"""Incidents (unplanned) and maintenance (planned): their updates, impacts and windows."""
