"""Long work: one table, progress, cancel, resume, retry. The broker is only the bell."""
