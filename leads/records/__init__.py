"""A person record: its shape, its identity, and how foreign rows become one."""
