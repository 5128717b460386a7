use model::crash;
use segment_log::OpenFrame;
use sql::StoreError;

use super::error::store_error;
use super::view::View;
use super::{Appender, Shared, crash_points};
use crate::core::record::Record;
use crate::core::transaction_state::TransactionState;
use crate::log::codec::Encoder;
use crate::{Outcome, Refusal, WriteRequest};

/// Records that go into memory before readers have their turn.
const TAKEN_AT_ONCE_MAX: usize = 256;
/// The bytes that are kept for encoding the next batch; one that needed more gives them back.
const BUFFER_BYTES_MAX: usize = 16 << 20;

impl Shared {
    /// Appends a batch; says whether it is time for a snapshot.
    pub(super) fn append(
        &self,
        writes: Vec<WriteRequest>,
    ) -> Result<(Vec<Result<Outcome, Refusal>>, bool), StoreError> {
        let mut appender = self.appender.lock();
        let Appender { writer, frame, since_snapshot, has_erased } = &mut *appender;
        self.stop.check().map_err(store_error)?;
        let (outcomes, records) = self.decide(writes);
        if records.is_empty() {
            return Ok((outcomes, false));
        }
        frame.clear();
        let open = OpenFrame::begin(frame, writer.next());
        let mut encoder = Encoder::new(frame);
        for record in &records {
            encoder.record(record);
        }
        open.close(frame).map_err(store_error)?;
        crash::point(crash_points::ENCODED);
        writer.write(frame, records.len() as u64).map_err(store_error)?;
        since_snapshot.add(frame.len() as u64, records.len() as u64);
        frame.shrink_to(BUFFER_BYTES_MAX);
        self.take(&records);
        crash::point(crash_points::APPLIED);
        *has_erased |= records.iter().any(|record| matches!(record, Record::Erased(_)));
        let is_due = *has_erased || since_snapshot.reaches(self.options.snapshot_after);
        Ok((outcomes, is_due))
    }

    fn decide(&self, writes: Vec<WriteRequest>) -> (Vec<Result<Outcome, Refusal>>, Vec<Record>) {
        if let Some(since) = writes.iter().map(|write| write.keys.since).min() {
            // Else there would never be room again once it is full.
            self.remembered.write().forget(since);
        }
        let stored = View { memory: &self.memory.read(), remembered: &self.remembered.read() };
        let mut state = TransactionState::new(&stored);
        let outcomes = writes.into_iter().map(|write| state.apply(write)).collect();
        (outcomes, state.into_records())
    }

    fn take(&self, records: &[Record]) {
        for records in records.chunks(TAKEN_AT_ONCE_MAX) {
            let (mut memory, mut recent) = (self.memory.write(), self.recent.lock());
            for record in records {
                memory.take(record);
                recent.take(record, |board, user| memory.is_banned(board, user));
            }
            drop((memory, recent));
            let mut remembered = self.remembered.write();
            for event in records.iter().filter_map(Record::event) {
                remembered.take(event);
            }
        }
    }
}
