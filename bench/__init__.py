"""What `make bench` runs: Cursive measured against what the machine could do at best."""
