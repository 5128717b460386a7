model::refusals! {
    /// Why a mutation changes nothing, though the directory works.
    pub enum Refusal {
        /// Nobody is their own friend.
        Yourself = Invalid, "yourself", "you can't do this to yourself";
        /// Lift your block first.
        YouBlockedThem = Conflict, "you_blocked_them", "you block this user; lift the block first";
        /// One of them blocks the other; only a service hears this.
        Blocked = Conflict, "blocked", "one of the two blocks the other";
        /// There is nothing to accept.
        NoSuchRequest = NotFound, "no_such_request", "there is no such friend request";
        /// The user doesn't exist.
        NoSuchUser = NotFound, "no_such_user", "there is no such user";
        /// One of the two has as many friends as allowed.
        TooManyFriends = Conflict, "too_many_friends", "one of the two has as many friends as allowed";
        /// Too many own requests are pending.
        TooManyRequests = Conflict, "too_many_requests",
            "as many of your friend requests are pending as allowed";
        /// Blocks as many as allowed.
        TooManyBlocks = Conflict, "too_many_blocks", "you block as many users as allowed";
        /// Metres out of the allowed range.
        Radius {
            /// The smallest.
            min_m: u32,
            /// The largest.
            max_m: u32,
        } = Invalid, "invalid_radius", "radius_m must be a whole number from {min_m} to {max_m}";
    }
}
