"""Template tags of the published site and of the desk."""

from django import template

register = template.Library()
