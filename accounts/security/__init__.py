"""Security events: what may be an attack, for owners and for staff (A-8)."""
