"""The database: the queue, the record and the memory. Only this package speaks SQL."""
