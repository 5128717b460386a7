//! The one binary: roles, config, wiring, command line
