use model::DeviceId;

use super::ImportError;
use super::imported::{Draft, Imported};
use super::number::{moment, number};
use super::skipped::{SkipReason, Skipped};
use super::xml::{Attributes, Token, Tokenizer};

/// How many elements may lie in each other.
const DEPTH_MAX: usize = 64;
/// The longest text that is kept, bytes; one piece of it may go beyond.
const TEXT_BYTES_MAX: usize = 256;
const POINT: &str = "trkpt";

/// Reads the points of tracks.
#[derive(Debug, Default)]
pub(super) struct Reader {
    tokenizer: Tokenizer,
    document: Document,
}

#[derive(Debug, Default)]
struct Document {
    depth: usize,
    has_root: bool,
    /// How many points there were.
    count: u64,
    /// The point that is being read, and why it can't be taken if so.
    point: Option<Result<Draft, SkipReason>>,
    /// What stands between the last tag and the next.
    text: String,
}

impl Reader {
    pub(super) fn read(
        &mut self,
        bytes: &[u8],
        skipped: &mut Skipped,
        found: &mut Vec<Imported>,
    ) -> Result<(), ImportError> {
        let document = &mut self.document;
        self.tokenizer.read(bytes, &mut |token| document.take(&token, skipped, found))
    }

    pub(super) fn finish(self) -> Result<(), ImportError> {
        if !self.document.has_root {
            return Err(ImportError::OtherFormat("GPX"));
        }
        let is_whole = self.document.depth == 0 && self.tokenizer.is_at_end();
        if is_whole { Ok(()) } else { Err(ImportError::CutOff) }
    }
}

impl Document {
    fn take(
        &mut self,
        token: &Token<'_>,
        skipped: &mut Skipped,
        found: &mut Vec<Imported>,
    ) -> Result<(), ImportError> {
        match token {
            Token::Start(name, attributes) => {
                self.depth += 1;
                if self.depth > DEPTH_MAX {
                    return Err(ImportError::TooDeep(DEPTH_MAX));
                }
                if !std::mem::replace(&mut self.has_root, true) && *name != "gpx" {
                    return Err(ImportError::OtherFormat("GPX"));
                }
                self.text.clear();
                self.start(name, *attributes);
            }
            Token::Text(text) if self.text.len() < TEXT_BYTES_MAX => self.text.push_str(text),
            Token::Text(_) => {}
            Token::End(POINT) => {
                self.depth = self.depth.saturating_sub(1);
                self.count += 1;
                let Some(point) = self.point.take() else { return Ok(()) };
                match point.and_then(|draft| draft.finish(skipped)) {
                    Ok(imported) => found.push(imported),
                    Err(reason) => skipped.count(reason, self.count),
                }
            }
            Token::End(name) => {
                self.depth = self.depth.saturating_sub(1);
                self.end(name);
                self.text.clear();
            }
        }
        Ok(())
    }

    fn start(&mut self, name: &str, attributes: Attributes<'_>) {
        let value = |name: &str| attributes.get(name).and_then(number);
        if name == POINT {
            let draft =
                Draft { latitude: value("lat"), longitude: value("lon"), ..Draft::default() };
            self.point = Some(Ok(draft));
            return;
        }
        let Some(Ok(draft)) = &mut self.point else { return };
        // Our own extension.
        if name == "fix" && attributes.get("seq").is_some() {
            draft.seq = attributes.get("seq").and_then(|seq| seq.parse().ok());
            draft.device = attributes.get("device").and_then(|device| DeviceId::parse(device).ok());
            let [accuracy_m, _, speed_mps, heading_deg, battery_percent] = &mut draft.values;
            *accuracy_m = value("accuracy_m");
            *speed_mps = value("speed_mps");
            *heading_deg = value("heading_deg");
            *battery_percent = value("battery_percent");
        }
    }

    fn end(&mut self, name: &str) {
        let Some(point) = &mut self.point else { return };
        let Ok(draft) = point else { return };
        let [_, altitude_m, speed_mps, heading_deg, _] = &mut draft.values;
        match name {
            "time" => match moment(&self.text) {
                Some(time) => draft.time = Some(time),
                None => *point = Err(SkipReason::TimeOutOfRange),
            },
            "ele" => *altitude_m = number(&self.text),
            // Of GPX 1.0, and of extensions of many programs.
            "speed" => *speed_mps = number(&self.text),
            "course" => *heading_deg = number(&self.text),
            _ => {}
        }
    }
}
