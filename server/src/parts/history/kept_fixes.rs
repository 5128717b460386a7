use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use history_writer::{History, Point, Unshown};
use model::UserId;
use ws_gateway::HistoryFix;

/// Movement history as the gateway hands fixes to it.
pub(super) struct KeptFixes(pub(super) History);

impl ws_gateway::History for KeptFixes {
    fn keep(&self, user: &UserId, fixes: Vec<HistoryFix>) -> BoxFuture<'static, ws_gateway::Kept> {
        let points: Vec<_> = fixes.into_iter().map(point).collect();
        self.0.keep(user, &points).map(kept).boxed()
    }
}

fn point(fix: HistoryFix) -> Point {
    Point::new(fix.version, &fix.fix, fix.received, fix.unshown.map(reason))
}

fn reason(unshown: ws_gateway::Unshown) -> Unshown {
    match unshown {
        ws_gateway::Unshown::Older => Unshown::Older,
        ws_gateway::Unshown::TooOld => Unshown::TooOld,
        ws_gateway::Unshown::Ahead => Unshown::Ahead,
        ws_gateway::Unshown::Repeated => Unshown::Repeated,
    }
}

fn kept(kept: history_writer::Kept) -> ws_gateway::Kept {
    match kept {
        history_writer::Kept::Nothing => ws_gateway::Kept::None,
        history_writer::Kept::Memory => ws_gateway::Kept::Memory,
        // The log is in files, and synced before it answers.
        history_writer::Kept::Log => ws_gateway::Kept::Disk,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_keep_the_words_of_the_protocol() {
        for unshown in ws_gateway::Unshown::ALL {
            assert_eq!(reason(*unshown).as_str(), unshown.as_str());
        }
    }
}
