"""What each kind of source is asked, how its words are read, and how a sysadmin sets it up: a file and a class each."""
