use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use history_writer::{History, Point, Survives, Unshown};
use model::UserId;
use ws_gateway::HistoryFix;

/// Movement history as the gateway hands fixes to it.
pub(super) struct KeptFixes(pub(super) History);

impl ws_gateway::History for KeptFixes {
    fn keep(&self, user: &UserId, fixes: Vec<HistoryFix>) -> BoxFuture<'static, ws_gateway::Kept> {
        let points: Vec<_> = fixes.into_iter().map(point).collect();
        let (history, of) = (self.0.clone(), user.clone());
        let is_kept = self.0.keep(user, &points);
        is_kept.map(move |is_kept| kept(is_kept, || history.log_survives(&of))).boxed()
    }
}

fn point(fix: HistoryFix) -> Point {
    Point::new(fix.version, &fix.fix, fix.received, fix.unshown.and_then(reason))
}

fn reason(unshown: ws_gateway::Unshown) -> Option<Unshown> {
    match unshown {
        ws_gateway::Unshown::Older => Some(Unshown::Older),
        ws_gateway::Unshown::TooOld => Some(Unshown::TooOld),
        ws_gateway::Unshown::Ahead => Some(Unshown::Ahead),
        ws_gateway::Unshown::Repeated => Some(Unshown::Repeated),
        // Such have no position, and aren't handed over.
        ws_gateway::Unshown::NoPosition | ws_gateway::Unshown::Refused => None,
    }
}

fn kept(kept: history_writer::Kept, log_survives: impl FnOnce() -> Survives) -> ws_gateway::Kept {
    match kept {
        history_writer::Kept::Nothing => ws_gateway::Kept::None,
        history_writer::Kept::Memory => ws_gateway::Kept::Memory,
        history_writer::Kept::Log => match log_survives() {
            Survives::Process => ws_gateway::Kept::Memory,
            Survives::PowerCut => ws_gateway::Kept::Disk,
            Survives::LossOfHost => ws_gateway::Kept::Replicated,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_keep_the_words_of_the_protocol() {
        for unshown in ws_gateway::Unshown::ALL {
            let kept = reason(*unshown);
            assert!(kept.is_none_or(|kept| kept.as_str() == unshown.as_str()), "{unshown:?}");
        }
    }
}
