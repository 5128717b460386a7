//! What an operator of several gateways types, and what they are told: settings and servers that can't work, before
//! anything starts; what is in force; where users live. Servers are away here: what real ones answer is tested where real
//! ones run.

mod settings;

mod check;
mod dump;
mod examples;
mod plan;
mod serve;
mod show;
