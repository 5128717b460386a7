//! What messages may hold: refused with an error that says what is wrong and changes nothing, or odd and taken rightly.
//!
//! Not reachable here: asking for oneself, a stranger, somebody who blocks one, many ids, one id many times: no message
//! names a user, friends come by themselves. Names are set over REST (see `rest/requests`), and so are friendships.

mod messages;

mod amounts;
mod refused;
mod taken;
