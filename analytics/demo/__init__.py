"""The demo: people, workspaces, credits, a catalogue and some leads to try Cursive with."""
