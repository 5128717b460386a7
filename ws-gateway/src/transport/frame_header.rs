use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use api::Stream;
use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The longest head of a frame without its masking key, bytes.
const HEAD_BYTES_MAX: usize = 10;

/// The length of a masking key, bytes.
const MASK_BYTES: u64 = 4;

/// A frame's length was written in more bytes than it needs (RFC 6455, 5.2).
#[derive(Debug, thiserror::Error)]
#[error("a frame's length must be written in the minimal number of bytes")]
pub(crate) struct BadLength;

/// A stream of frames of which none is read whose length is badly written: the WebSocket library would let it pass.
pub(crate) struct CheckedLengths<S> {
    stream: S,
    /// What came before the stream was handed over.
    early: Bytes,
    /// What has come of the head of a frame.
    head: [u8; HEAD_BYTES_MAX],
    head_bytes: usize,
    /// What is still to come of a frame behind its head.
    rest_bytes: u64,
    broken: bool,
}

impl<S> CheckedLengths<S> {
    pub(crate) fn new(stream: S, early: Bytes) -> Self {
        Self {
            stream,
            early,
            head: [0; HEAD_BYTES_MAX],
            head_bytes: 0,
            rest_bytes: 0,
            broken: false,
        }
    }

    /// Follows frames through these bytes; answers how many of them come before the end of a bad head.
    fn follow(&mut self, bytes: &[u8]) -> usize {
        let mut at = 0;
        while at < bytes.len() {
            let skipped = self.rest_bytes.min((bytes.len() - at) as u64);
            self.rest_bytes -= skipped;
            at += skipped as usize;
            let Some(byte) = bytes.get(at) else { break };
            self.head[self.head_bytes] = *byte;
            self.head_bytes += 1;
            match read_head(&self.head[..self.head_bytes]) {
                Ok(None) => {}
                Ok(Some(rest_bytes)) => {
                    self.head_bytes = 0;
                    self.rest_bytes = rest_bytes;
                }
                Err(BadLength) => {
                    self.broken = true;
                    break;
                }
            }
            at += 1;
        }
        at
    }
}

impl CheckedLengths<Stream> {
    /// Whether what was written has to be flushed to be sent.
    pub(crate) fn keeps_back(&self) -> bool {
        self.stream.keeps_back()
    }
}

/// How many bytes follow this head, once it is complete.
fn read_head(head: &[u8]) -> Result<Option<u64>, BadLength> {
    let &[_, second, ref long @ ..] = head else { return Ok(None) };
    let (least, length) = match second & 0x7f {
        126 => (126, <[u8; 2]>::try_from(long).ok().map(|b| u64::from(u16::from_be_bytes(b)))),
        127 => (1 << 16, <[u8; 8]>::try_from(long).ok().map(u64::from_be_bytes)),
        short => (0, Some(u64::from(short))),
    };
    let Some(length) = length else { return Ok(None) };
    if length < least {
        return Err(BadLength);
    }
    let mask_bytes = if second & 0x80 == 0 { 0 } else { MASK_BYTES };
    // The library refuses lengths far below those that would overflow.
    Ok(Some(length.saturating_add(mask_bytes)))
}

impl<S: AsyncRead + Unpin> AsyncRead for CheckedLengths<S> {
    /// What comes before a bad length is still read.
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if !this.broken {
            let before = buf.filled().len();
            if this.early.is_empty() {
                ready!(Pin::new(&mut this.stream).poll_read(cx, buf))?;
            } else {
                let some = this.early.len().min(buf.remaining());
                buf.put_slice(&this.early.split_to(some));
            }
            let good = this.follow(&buf.filled()[before..]);
            buf.set_filled(before + good);
            if good > 0 || !this.broken {
                return Poll::Ready(Ok(()));
            }
        }
        Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, BadLength)))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for CheckedLengths<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt;

    use super::*;

    const RIGHT: &[u8] = &[0x81, 0x83, 1, 2, 3, 4, b'a', b'b', b'c', 0x81, 0x02, b'd', b'e'];

    /// Gives so many bytes a read.
    struct Cut<'a>(&'a [u8], usize);

    impl AsyncRead for Cut<'_> {
        fn poll_read(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            buf: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            let bytes = self.1.min(buf.remaining()).min(self.0.len());
            let (now, later) = self.0.split_at(bytes);
            buf.put_slice(now);
            self.0 = later;
            Poll::Ready(Ok(()))
        }
    }

    /// The first `at_a_time` bytes have come early.
    async fn read(bytes: &[u8], at_a_time: usize) -> (Vec<u8>, bool) {
        let mut taken = Vec::new();
        let (early, rest) = bytes.split_at(at_a_time.min(bytes.len()));
        let early = Bytes::copy_from_slice(early);
        let mut stream = CheckedLengths::new(Cut(rest, at_a_time), early);
        let whole = stream.read_to_end(&mut taken).await;
        (taken, whole.is_ok())
    }

    fn long(second: u8, length: &[u8], payload_bytes: usize) -> Vec<u8> {
        [&[0x82, second], length, &vec![b'x'; payload_bytes]].concat()
    }

    #[tokio::test]
    async fn right_lengths_pass_however_they_are_cut() {
        let all = [
            RIGHT.to_vec(),
            long(125, &[], 125),
            long(126, &[0, 126], 126),
            long(126, &[0xff, 0xff], 65_535),
            long(127, &[0, 0, 0, 0, 0, 1, 0, 0], 65_536),
            RIGHT.to_vec(),
        ]
        .concat();
        for at_a_time in [1, 2, 7, 4_096, all.len()] {
            assert_eq!(read(&all, at_a_time).await, (all.clone(), true), "{at_a_time}");
        }
    }

    #[tokio::test]
    async fn longer_ones_than_needed_end_the_reading_and_what_came_before_is_read() {
        for bad in [
            long(126, &[0, 0], 0),
            long(126, &[0, 125], 125),
            long(0xfe, &[0, 5], 9),
            long(127, &[0, 0, 0, 0, 0, 0, 0, 5], 5),
            long(127, &[0, 0, 0, 0, 0, 0, 0xff, 0xff], 65_535),
        ] {
            for at_a_time in [1, 2, 7, 4_096, usize::MAX] {
                let (taken, whole) = read(&[RIGHT, &bad].concat(), at_a_time).await;
                assert!(!whole && taken.starts_with(RIGHT));
                assert!(taken.len() < RIGHT.len() + HEAD_BYTES_MAX);
            }
        }
    }
}
