use std::cell::Cell;
use std::io::{self, Read};
use std::rc::Rc;

/// The most that is read for one line, feature or record, bytes: more than any place can fill.
pub(super) const PLACE_BYTES_MAX: usize = 1024 * 1024;

/// Counts what is read for one place, so that one that never ends isn't gathered in memory.
#[derive(Clone, Default)]
pub(super) struct Meter(Rc<Cell<usize>>);

impl Meter {
    /// What is read from now on is for the next place.
    pub(super) fn next(&self) {
        self.0.set(0);
    }

    /// Errs once more than [`PLACE_BYTES_MAX`] were read for one place, and a buffer's length.
    pub(super) fn read<R: Read>(&self, input: R) -> Metered<R> {
        Metered { input, meter: self.clone() }
    }
}

/// What is read through a [`Meter`].
pub(super) struct Metered<R> {
    input: R,
    meter: Meter,
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let so_far = self.meter.0.get();
        if so_far > PLACE_BYTES_MAX {
            let why = format!("a place is over {PLACE_BYTES_MAX} bytes; is a quote not closed?");
            return Err(io::Error::new(io::ErrorKind::InvalidData, why));
        }
        let read = self.input.read(buffer)?;
        self.meter.0.set(so_far + read);
        Ok(read)
    }
}
