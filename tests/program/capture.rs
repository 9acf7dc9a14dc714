//! Captures, written by hand in every format that is read.

use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;

/// A record: what was captured, and how long the frame was.
pub(crate) type Record = (Vec<u8>, u32);

/// Makes a frame of `len` bytes from a header.
pub(crate) fn frame(header: &[&[u8]], len: usize) -> Vec<u8> {
    let mut frame = header.concat();
    // Frames that are distinguished later must differ.
    frame.extend((frame.len()..len).map(|i| (i * 7 + len) as u8));
    frame.truncate(len);
    frame
}

pub(crate) fn whole(bytes: Vec<u8>) -> Record {
    let original = bytes.len() as u32;
    (bytes, original)
}

#[derive(Clone, Copy)]
pub(crate) enum Format {
    Pcap { big: bool, nano: bool },
    Pcapng { big: bool },
}

pub(crate) const LITTLE: Format = Format::Pcap { big: false, nano: false };
pub(crate) const FORMATS: [Format; 6] = [
    LITTLE,
    Format::Pcap { big: true, nano: false },
    Format::Pcap { big: false, nano: true },
    Format::Pcap { big: true, nano: true },
    Format::Pcapng { big: false },
    Format::Pcapng { big: true },
];

pub(crate) fn words(big: bool, words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| if big { word.to_be_bytes() } else { word.to_le_bytes() }).collect()
}

/// Two halves of a word as they lie in a file.
fn halves(big: bool, first: u32, second: u32) -> u32 {
    if big { first << 16 | second } else { second << 16 | first }
}

impl Format {
    pub(crate) fn file(self, records: &[Record]) -> Vec<u8> {
        match self {
            Self::Pcap { big, nano } => {
                let magic = if nano { 0xa1b2_3c4d } else { 0xa1b2_c3d4 };
                let mut file = words(big, &[magic, halves(big, 2, 4), 0, 0, 65535, 1]);
                for (bytes, original) in records {
                    file.extend(words(big, &[1, 2, bytes.len() as u32, *original]));
                    file.extend(bytes);
                }
                file
            }
            Self::Pcapng { big } => {
                let block = |kind: u32, body: &[u8]| {
                    let padded = body.len().next_multiple_of(4);
                    let len = words(big, &[padded as u32 + 12]);
                    let padding = vec![0; padded - body.len()];
                    [&words(big, &[kind]), &len, body, &padding, &len].concat()
                };
                let section = words(big, &[0x1a2b_3c4d, halves(big, 1, 0), u32::MAX, u32::MAX]);
                let mut file = block(0x0a0d_0d0a, &section);
                file.extend(block(1, &words(big, &[halves(big, 1, 0), 0])));
                for (bytes, original) in records {
                    let head = words(big, &[0, 0, 0, bytes.len() as u32, *original]);
                    file.extend(block(6, &[&head[..], bytes].concat()));
                }
                file
            }
        }
    }
}

/// Writes files into a folder that goes with it.
pub(crate) struct Folder(pub(crate) TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    }
}
