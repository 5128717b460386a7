/// The kinds of frames (RFC 6455, 5.2).
pub mod opcode {
    /// Goes on with a message that is in fragments.
    pub const CONTINUATION: u8 = 0x0;
    /// A text message.
    pub const TEXT: u8 = 0x1;
    /// A binary message.
    pub const BINARY: u8 = 0x2;
    /// Closes.
    pub const CLOSE: u8 = 0x8;
    /// Asks for a pong.
    pub const PING: u8 = 0x9;
    /// Answers a ping.
    pub const PONG: u8 = 0xa;
}

/// How a frame's length is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Length {
    /// As the payload has it, in as few bytes as possible.
    Right,
    /// As the payload has it, in the two bytes for lengths from 126 on.
    In16Bits,
    /// As the payload has it, in the eight bytes for lengths from 65,536 on.
    In64Bits,
    /// Another than the payload's, in as few bytes as possible.
    Announced(u64),
}

/// A frame in which everything can be wrong.
#[derive(Debug, Clone)]
pub struct RawFrame {
    /// The last fragment of its message.
    pub fin: bool,
    /// The three reserved bits: 0 … 7.
    pub rsv: u8,
    /// The kind: 0 … 15.
    pub opcode: u8,
    /// The masking key, or none.
    pub mask: Option<[u8; 4]>,
    /// How the length is written.
    pub length: Length,
    /// What is sent, before masking.
    pub payload: Vec<u8>,
}

impl RawFrame {
    /// A right frame.
    pub fn new(opcode: u8, payload: impl Into<Vec<u8>>) -> Self {
        let mask = Some([0x37, 0xfa, 0x21, 0x3d]);
        Self { fin: true, rsv: 0, opcode, mask, length: Length::Right, payload: payload.into() }
    }

    /// A right text message.
    pub fn text(text: &str) -> Self {
        Self::new(opcode::TEXT, text)
    }

    /// A close frame with a code and a reason.
    pub fn close(code: u16, reason: &[u8]) -> Self {
        Self::new(opcode::CLOSE, [&code.to_be_bytes(), reason].concat())
    }

    /// A frame that isn't the last of its message.
    #[must_use]
    pub fn unfinished(self) -> Self {
        Self { fin: false, ..self }
    }

    /// The bytes on the wire.
    pub fn encode(&self) -> Vec<u8> {
        let masked = if self.mask.is_some() { 0x80 } else { 0 };
        let length = match self.length {
            Length::Announced(length) => length,
            _ => self.payload.len() as u64,
        };
        let in_16_bits = || (126, (length as u16).to_be_bytes().to_vec());
        let in_64_bits = || (127, length.to_be_bytes().to_vec());
        let (short, long) = match self.length {
            Length::In16Bits => in_16_bits(),
            Length::In64Bits => in_64_bits(),
            _ if length < 126 => (length as u8, Vec::new()),
            _ if length < 1 << 16 => in_16_bits(),
            _ => in_64_bits(),
        };
        let mut bytes = vec![u8::from(self.fin) << 7 | self.rsv << 4 | self.opcode, masked + short];
        bytes.extend(long);
        let key = self.mask.unwrap_or_default();
        bytes.extend(self.mask.iter().flatten());
        bytes.extend(self.payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
        bytes
    }
}

/// Reads a server's frame: its opcode, its payload, and how many bytes that took. None if it isn't all there.
pub(super) fn decode(bytes: &[u8]) -> Option<((u8, Vec<u8>), usize)> {
    let (&[first, second], rest) = bytes.split_first_chunk()?;
    assert_eq!(first & 0xf0, 0x80, "servers here send whole messages without extensions");
    let (length, rest) = match second {
        0..126 => (u64::from(second), rest),
        126 => {
            let (length, rest) = rest.split_first_chunk()?;
            (u64::from(u16::from_be_bytes(*length)), rest)
        }
        127 => {
            let (length, rest) = rest.split_first_chunk()?;
            (u64::from_be_bytes(*length), rest)
        }
        128.. => panic!("a server doesn't mask"),
    };
    let payload = rest.get(..usize::try_from(length).ok()?)?;
    let taken = bytes.len() - rest.len() + payload.len();
    Some(((first & 0x0f, payload.to_vec()), taken))
}
