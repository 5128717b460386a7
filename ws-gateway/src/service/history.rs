use futures_util::future::BoxFuture;
use model::UserId;

use crate::session::fixes::history::{HistoryFix, Kept};

/// Where fixes go that are to be kept as movement history; the server fills it.
///
/// * **What comes.** Every fix whose `seq` grew and that isn't older than [`HISTORY_AGE_MS_MAX`] or in the future, shown or
///   not. What the position store refused doesn't come: its phone sends it again. `keep` and `sign_off` are no fixes.
/// * **Order.** The fixes of one call are in no order of their versions, and calls about one user may come from several
///   connections and gateways: versions say the order.
/// * **Replay.** A phone that heard no acknowledgement sends again, perhaps elsewhere: the same version may come any number
///   of times, with another time of receipt and perhaps another reason. It is one point. (A fix whose phone told no time
///   has that of its receipt in its version, so that of such a fix each repetition is a point.)
/// * **Durability.** What the answer says, of all fixes of the call. With [`Kept::Memory`] history has them in the memory
///   of this process only, as when its log is full or can't be written; with [`Kept::None`] it doesn't keep them, as of a
///   user who wants none.
/// * **Errors.** There are none: nothing is handed in a second time. The caller goes on without the answer when it is
///   late ([`ACK_WAIT_MS_MAX`]) or too many are awaited ([`ACKS_WAITING_MAX`]), and then says what holds without it.
///
/// [`HISTORY_AGE_MS_MAX`]: crate::HISTORY_AGE_MS_MAX
/// [`ACK_WAIT_MS_MAX`]: crate::ACK_WAIT_MS_MAX
/// [`ACKS_WAITING_MAX`]: crate::ACKS_WAITING_MAX
pub trait History: Send + Sync {
    /// Takes fixes of a user, before it returns; it must not block. The future says what they survive, and may be dropped
    /// without effect on them.
    fn keep(&self, user: &UserId, fixes: Vec<HistoryFix>) -> BoxFuture<'static, Kept>;
}
