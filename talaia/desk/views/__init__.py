"""The pages of the desk. Whoever writes goes through events.actions; a refusal comes back beside what was written."""
