//! Standings on real Redis servers: what only servers can do to them. Whatever happens, ranks are the log's afterwards.

mod world;

mod chaos;
mod crashes;
mod held_back;
mod logins;
mod losses;
mod processes;
mod returns;
mod seasons;
mod served;
mod watched;
