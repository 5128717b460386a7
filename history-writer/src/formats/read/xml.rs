//! As much of XML as files of positions have: elements, attributes and texts. Document types are refused, so that nothing
//! stands for anything but what it says.

use super::ImportError;

/// The longest tag, and the longest text of which anything is kept, bytes.
const TOKEN_BYTES_MAX: usize = 64 * 1_024;

/// What is found. Names are without their namespace's prefix.
#[derive(Debug, PartialEq)]
pub(super) enum Token<'a> {
    /// An element begins.
    Start(&'a str, Attributes<'a>),
    /// An element ends.
    End(&'a str),
    /// What stands between tags, where that isn't only white space.
    Text(&'a str),
}

/// The attributes of a tag, as they stand there.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Attributes<'a>(&'a str);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Within {
    Text,
    Tag,
    /// A value of a tag, up to this quote.
    Quotes(u8),
    Comment,
    Literal,
    Instruction,
}

/// Finds tokens, whatever pieces a file comes in.
#[derive(Debug)]
pub(super) struct Tokenizer {
    within: Within,
    bytes: Vec<u8>,
}

impl Default for Tokenizer {
    fn default() -> Self {
        Self { within: Within::Text, bytes: Vec::new() }
    }
}

impl Tokenizer {
    /// Reads the next bytes.
    pub(super) fn read(
        &mut self,
        bytes: &[u8],
        take: &mut dyn FnMut(Token<'_>) -> Result<(), ImportError>,
    ) -> Result<(), ImportError> {
        bytes.iter().try_for_each(|byte| self.step(*byte, take))
    }

    /// Whether nothing is begun and not ended.
    pub(super) fn is_at_end(&self) -> bool {
        self.within == Within::Text
    }

    fn step(
        &mut self,
        byte: u8,
        take: &mut dyn FnMut(Token<'_>) -> Result<(), ImportError>,
    ) -> Result<(), ImportError> {
        match self.within {
            Within::Text if byte == b'<' => {
                let text = std::mem::take(&mut self.bytes);
                self.within = Within::Tag;
                return self.text(text, take);
            }
            // What comes behind as much text isn't a number or a time.
            Within::Text => {
                if self.bytes.len() < TOKEN_BYTES_MAX {
                    self.bytes.push(byte);
                }
            }
            Within::Tag | Within::Quotes(_) => return self.tag(byte, take),
            Within::Comment | Within::Literal | Within::Instruction => self.pass(byte),
        }
        Ok(())
    }

    fn text(
        &mut self,
        mut text: Vec<u8>,
        take: &mut dyn FnMut(Token<'_>) -> Result<(), ImportError>,
    ) -> Result<(), ImportError> {
        let taken = match std::str::from_utf8(&text) {
            Ok(text) if !text.trim().is_empty() => take(Token::Text(text)),
            _ => Ok(()),
        };
        text.clear();
        // Its room serves for what comes next.
        self.bytes = text;
        taken
    }

    fn tag(
        &mut self,
        byte: u8,
        take: &mut dyn FnMut(Token<'_>) -> Result<(), ImportError>,
    ) -> Result<(), ImportError> {
        match (self.within, byte) {
            (Within::Tag, b'>') => {
                self.within = Within::Text;
                let bytes = std::mem::take(&mut self.bytes);
                let tag = std::str::from_utf8(&bytes)
                    .map_err(|_| ImportError::OtherFormat("XML in UTF-8"))?;
                return tokens(tag, take);
            }
            (Within::Tag, b'"' | b'\'') => self.within = Within::Quotes(byte),
            (Within::Quotes(quote), byte) if byte == quote => self.within = Within::Tag,
            _ => {}
        }
        if self.bytes.len() >= TOKEN_BYTES_MAX {
            return Err(ImportError::TooLong(TOKEN_BYTES_MAX));
        }
        self.bytes.push(byte);
        let within = match self.bytes.as_slice() {
            b"!--" => Within::Comment,
            b"![CDATA[" => Within::Literal,
            b"?" => Within::Instruction,
            // Neither a comment nor a literal text.
            [b'!', kind] if !b"-[".contains(kind) => return Err(ImportError::DocumentType),
            _ => return Ok(()),
        };
        self.within = within;
        self.bytes.clear();
        Ok(())
    }

    /// Passes over what isn't a tag, or keeps a literal text, until it ends.
    fn pass(&mut self, byte: u8) {
        let end: &[u8] = match self.within {
            Within::Comment => b"-->",
            Within::Literal => b"]]>",
            _ => b"?>",
        };
        if self.bytes.len() >= TOKEN_BYTES_MAX {
            // Only the last few can be part of an end.
            self.bytes.drain(..TOKEN_BYTES_MAX - end.len());
        }
        self.bytes.push(byte);
        if self.bytes.ends_with(end) {
            if self.within == Within::Literal {
                self.bytes.truncate(self.bytes.len() - end.len());
            } else {
                self.bytes.clear();
            }
            self.within = Within::Text;
        }
    }
}

/// What a tag says.
fn tokens(
    tag: &str,
    take: &mut dyn FnMut(Token<'_>) -> Result<(), ImportError>,
) -> Result<(), ImportError> {
    if let Some(name) = tag.strip_prefix('/') {
        return take(Token::End(local(name.trim())));
    }
    let (tag, is_whole) = tag.strip_suffix('/').map_or((tag, false), |tag| (tag, true));
    let (name, attributes) = tag.split_once(char::is_whitespace).unwrap_or((tag, ""));
    let name = local(name);
    take(Token::Start(name, Attributes(attributes)))?;
    if is_whole { take(Token::End(name)) } else { Ok(()) }
}

/// A name without its namespace's prefix.
fn local(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

impl<'a> Attributes<'a> {
    /// The value of an attribute. Only what needs no escape can be asked for: numbers, times and ids.
    pub(super) fn get(self, name: &str) -> Option<&'a str> {
        let mut rest = self.0;
        loop {
            let (key, behind) = rest.split_once('=')?;
            let behind = behind.trim_start();
            let quote = behind.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
            let (value, behind) = behind[1..].split_once(quote)?;
            if local(key.trim()) == name {
                return Some(value);
            }
            rest = behind;
        }
    }
}
