use flate2::{Compress, Compression, Crc, FlushCompress, Status};

/// The most files of an archive, and the most bytes of a file and of all: what the format has room for without extensions that not
/// every program reads.
const FILES_MAX: usize = u16::MAX as usize;
const BYTES_MAX: u64 = u32::MAX as u64;
/// Room that is made for what the compressor gives.
const OUT_BYTES: usize = 32 * 1024;

/// Sizes stand behind the content, and names are UTF-8.
const FLAGS: u16 = 1 << 3 | 1 << 11;
const DEFLATED: u16 = 8;
/// The version of the format that knows folders and what is deflated.
const VERSION: u16 = 20;
/// Midnight of the 1st of January 1980: the archive itself says when it was made.
const DATE: u16 = 1 << 5 | 1;

/// The archive has more files or bytes than its format has room for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the archive has more than {FILES_MAX} files or {BYTES_MAX} bytes")]
pub(super) struct TooLarge;

/// Writes a zip archive (PKWARE's APPNOTE 6.3) from its beginning to its end. What it holds is the list of files, some 100 bytes each, and
/// a window of the one that is written.
#[derive(Default)]
pub(super) struct Zip {
    files: Vec<Entry>,
    /// How many bytes were written, but for those of the open file.
    offset: u64,
    open: Option<Open>,
}

struct Entry {
    name: String,
    offset: u32,
    sizes: Sizes,
}

/// What is known of a file once it is written.
struct Sizes {
    crc: u32,
    compressed: u32,
    size: u32,
}

struct Open {
    name: String,
    offset: u32,
    compress: Compress,
    crc: Crc,
}

impl Zip {
    /// Begins a file behind those before.
    pub(super) fn begin(&mut self, name: &str, out: &mut Vec<u8>) -> Result<(), TooLarge> {
        self.close(out)?;
        if self.files.len() == FILES_MAX {
            return Err(TooLarge);
        }
        let offset = within(self.offset)?;
        let before = out.len();
        put_u32(out, 0x0403_4b50);
        put_u16s(out, &[VERSION, FLAGS, DEFLATED, 0, DATE]);
        // Checksum and sizes, which stand behind the content.
        out.extend_from_slice(&[0; 12]);
        put_u16s(out, &[name.len() as u16, 0]);
        out.extend_from_slice(name.as_bytes());
        self.offset += (out.len() - before) as u64;
        let compress = Compress::new(Compression::fast(), false);
        self.open = Some(Open { name: name.to_owned(), offset, compress, crc: Crc::new() });
        Ok(())
    }

    /// Writes more of the file that was begun last.
    pub(super) fn write(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> Result<(), TooLarge> {
        let Some(open) = &mut self.open else { return Ok(()) };
        open.crc.update(bytes);
        let begun = open.compress.total_in();
        loop {
            let read = (open.compress.total_in() - begun) as usize;
            if read == bytes.len() {
                break;
            }
            out.reserve(OUT_BYTES);
            compress(&mut open.compress, &bytes[read..], out, FlushCompress::None);
        }
        within(open.compress.total_in().max(open.compress.total_out())).map(|_| ())
    }

    /// Ends the archive.
    pub(super) fn finish(mut self, out: &mut Vec<u8>) -> Result<(), TooLarge> {
        self.close(out)?;
        let (offset, before) = (within(self.offset)?, out.len());
        for Entry { name, offset, sizes } in &self.files {
            put_u32(out, 0x0201_4b50);
            put_u16s(out, &[VERSION, VERSION, FLAGS, DEFLATED, 0, DATE]);
            sizes.put(out);
            // Nothing beside the name; on the first disk; no attributes.
            put_u16s(out, &[name.len() as u16, 0, 0, 0, 0, 0, 0]);
            put_u32(out, *offset);
            out.extend_from_slice(name.as_bytes());
        }
        let list = within((out.len() - before) as u64)?;
        let files = self.files.len() as u16;
        put_u32(out, 0x0605_4b50);
        put_u16s(out, &[0, 0, files, files]);
        put_u32(out, list);
        put_u32(out, offset);
        put_u16s(out, &[0]);
        Ok(())
    }

    /// Ends the file that is open, if one is.
    fn close(&mut self, out: &mut Vec<u8>) -> Result<(), TooLarge> {
        let Some(Open { name, offset, compress: mut compressor, crc }) = self.open.take() else {
            return Ok(());
        };
        loop {
            out.reserve(OUT_BYTES);
            if compress(&mut compressor, &[], out, FlushCompress::Finish) == Status::StreamEnd {
                break;
            }
        }
        let compressed = within(compressor.total_out())?;
        let sizes = Sizes { crc: crc.sum(), compressed, size: within(compressor.total_in())? };
        let before = out.len();
        put_u32(out, 0x0807_4b50);
        sizes.put(out);
        self.offset += u64::from(compressed) + (out.len() - before) as u64;
        self.files.push(Entry { name, offset, sizes });
        Ok(())
    }
}

impl Sizes {
    fn put(&self, out: &mut Vec<u8>) {
        for number in [self.crc, self.compressed, self.size] {
            put_u32(out, number);
        }
    }
}

fn compress(
    compressor: &mut Compress,
    bytes: &[u8],
    out: &mut Vec<u8>,
    flush: FlushCompress,
) -> Status {
    // It fails only where a dictionary is set, which none is.
    compressor.compress_vec(bytes, out, flush).expect("without a dictionary")
}

fn within(bytes: u64) -> Result<u32, TooLarge> {
    u32::try_from(bytes).map_err(|_| TooLarge)
}

fn put_u32(out: &mut Vec<u8>, number: u32) {
    out.extend_from_slice(&number.to_le_bytes());
}

fn put_u16s(out: &mut Vec<u8>, numbers: &[u16]) {
    for number in numbers {
        out.extend_from_slice(&number.to_le_bytes());
    }
}
