//! What every REST door shares
