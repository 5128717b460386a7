//! The side of the tests.

use std::cell::{Cell, RefCell};

use crate::session::seam::Planted;

type Step = Box<dyn FnOnce()>;

thread_local! {
    static PLANTED: Cell<Option<Planted>> = const { Cell::new(None) };
    static NEXT: RefCell<Option<Step>> = const { RefCell::new(None) };
}

/// Something may happen here, between two steps of one turn.
pub(crate) fn pause() {
    let step = NEXT.with_borrow_mut(Option::take);
    if let Some(step) = step {
        step();
    }
}

/// Whether a test has planted this fault.
pub(crate) fn planted(fault: Planted) -> bool {
    PLANTED.get() == Some(fault)
}

/// Plants a fault on this thread, or none.
pub(crate) fn plant(fault: Option<Planted>) {
    PLANTED.set(fault);
}

/// Does this at the next pause of this thread.
pub(crate) fn at_next_pause(step: impl FnOnce() + 'static) {
    NEXT.set(Some(Box::new(step)));
}

/// What was to be done at a pause that never came.
pub(crate) fn take_next() -> Option<Step> {
    NEXT.with_borrow_mut(Option::take)
}
