//! One list of cases that every bus and position store must pass.
