//! What the words of problems mean that only this part uses.

api::problem_table! {
    /// There is no user of this id, or no more.
    "no_such_user" [404] Mended,
        "See that the id is right. A user is there from their first own request on, or from when a service makes them.",
        "there is no such user";
    /// There is no friend request from this user to that one: it was answered, taken back, or never made.
    "no_such_request" [404] Never,
        "Read the lists of requests and friends again: it may have been accepted meanwhile.",
        "there is no such friend request";
    /// Nobody is their own friend, nor blocks themselves.
    "yourself" [400] Never,
        "Name somebody else.",
        "you can't do this to yourself";
    /// The caller blocks the user whom they ask to be a friend.
    "you_blocked_them" [409] Mended,
        "Lift the block first.",
        "you block this user; lift the block first";
    /// One of the two users blocks the other. Only services are told.
    "blocked" [409] Never,
        "Leave them apart: only whoever blocks can lift it.",
        "one of the two blocks the other";
    /// One of the two has as many friends as one user may have.
    "too_many_friends" [409] Mended,
        "End another friendship of theirs first.",
        "one of the two has as many friends as allowed";
    /// As many friend requests of the caller wait for answers as may.
    "too_many_requests" [409] Mended,
        "Take one back, or wait for answers.",
        "as many of your friend requests are pending as allowed";
    /// The caller blocks as many users as one may.
    "too_many_blocks" [409] Mended,
        "Lift another block first.",
        "you block as many users as allowed";
    /// A display name is empty, too long, or has characters that none may have.
    "invalid_display_name" [400] Never,
        "Send a name as the detail says.",
        "display_name is empty";
}
