"""What things cost: prices in credits, packages of credits, monthly plans; rows that staff edit."""
