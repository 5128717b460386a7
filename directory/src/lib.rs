//! Users, friendships, blocks, and who may see whom
