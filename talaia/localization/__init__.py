"""How words, dates and numbers read in a language: for pages, mails, posts and the desk alike."""
