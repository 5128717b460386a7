//! Files of lines that commands import: compressed or not, of any length, read as they come.

use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::MultiGzDecoder;

/// What every file that is compressed begins with.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// The text of a file, gzip or not.
pub(crate) fn plain(file: Box<dyn Read + Send>) -> io::Result<Box<dyn BufRead>> {
    let mut file = BufReader::new(file);
    if file.fill_buf()?.starts_with(&GZIP) {
        return Ok(Box::new(BufReader::new(MultiGzDecoder::new(file))));
    }
    Ok(Box::new(file))
}

/// Gives each line with its number, from 1, until no more are wanted; blank ones are passed over. Errs at a line of more than
/// `bytes_max`, which may never end.
pub(crate) fn lines(
    mut input: impl BufRead,
    bytes_max: usize,
    mut each: impl FnMut(u64, &[u8]) -> bool,
) -> Result<(), String> {
    let mut line = Vec::new();
    for at in 1.. {
        line.clear();
        let mut rest = input.by_ref().take(bytes_max as u64 + 1);
        let read = rest.read_until(b'\n', &mut line);
        match read.map_err(|error| format!("line {at}: can't read on: {error}"))? {
            0 => return Ok(()),
            length if length > bytes_max => {
                return Err(format!("line {at} is over {bytes_max} bytes; is it NDJSON?"));
            }
            _ => {}
        }
        let is_blank = line.iter().all(u8::is_ascii_whitespace);
        if !is_blank && !each(at, &line) {
            return Ok(());
        }
    }
    Ok(())
}
