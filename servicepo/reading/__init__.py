"""Reading: the files a county sends, turned into the four tables."""
