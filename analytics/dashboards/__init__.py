"""The front page, and the page that a member starts on."""
