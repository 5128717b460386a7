//! Load, simulated people, the oracle and comparisons
