//! Businesses over REST: a node in this process for the rules, the real program for the real places.

mod world;

mod bad_inputs;
mod density;
mod importing;
mod owners;
mod patches;
mod roles;
mod searches;
mod vegas;
mod writes;
