"""Who did what, when, from where: the facts that people made, in words. They are read here, and never written."""
