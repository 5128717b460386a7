//! Sessions and fan-out of live positions
