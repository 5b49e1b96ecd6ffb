"""Mail about money: written with what it tells of, sent after the commit, each once (C-15)."""
