use super::skipped::SkipReason;

/// The longest line, bytes.
pub(super) const LINE_BYTES_MAX: usize = 64 * 1_024;
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// A file's lines, whatever pieces it comes in. What is after the last line break is a line too, if there is anything.
#[derive(Debug, Default)]
pub(super) struct Lines {
    partial: Vec<u8>,
    /// How many lines came before.
    count: u64,
    is_too_long: bool,
}

/// What is done with a line: its number, from 1, and its text, or why it has none.
pub(super) type Take<'a> = dyn FnMut(u64, Result<&str, SkipReason>) + 'a;

impl Lines {
    /// Reads the next bytes.
    pub(super) fn read(&mut self, bytes: &[u8], take: &mut Take<'_>) {
        let mut pieces = bytes.split(|byte| *byte == b'\n').peekable();
        while let Some(piece) = pieces.next() {
            let ends = pieces.peek().is_some();
            if self.partial.is_empty() && ends && !self.is_too_long {
                // Most lines come in one piece.
                self.end(piece, take);
                continue;
            }
            if self.partial.len() + piece.len() > LINE_BYTES_MAX {
                self.is_too_long = true;
                self.partial.clear();
            }
            if !self.is_too_long {
                self.partial.extend_from_slice(piece);
            }
            if ends {
                let line = std::mem::take(&mut self.partial);
                self.end(&line, take);
            }
        }
    }

    /// Reads what is left at the end.
    pub(super) fn finish(mut self, take: &mut Take<'_>) {
        if !self.partial.is_empty() || self.is_too_long {
            let line = std::mem::take(&mut self.partial);
            self.end(&line, take);
        }
    }

    fn end(&mut self, line: &[u8], take: &mut Take<'_>) {
        self.count += 1;
        let is_too_long = std::mem::take(&mut self.is_too_long) || line.len() > LINE_BYTES_MAX;
        let mut line = line.strip_suffix(b"\r").unwrap_or(line);
        if self.count == 1 {
            line = line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line);
        }
        let text = match std::str::from_utf8(line) {
            _ if is_too_long => Err(SkipReason::TooLong),
            Ok(text) => Ok(text),
            Err(_) => Err(SkipReason::NotUtf8),
        };
        take(self.count, text);
    }
}
