"""What can be computed of a rule or a law: its matrix on a quadratic, its multipliers, where it is stable."""
