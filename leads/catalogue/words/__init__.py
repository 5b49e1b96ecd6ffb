"""Word lists the synthetic catalogue is made from: names, places, work."""
