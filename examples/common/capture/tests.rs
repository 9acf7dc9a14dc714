//! Captures that are whole, cut, damaged or none.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::{env, fs, process};

use super::*;

/// Makes the names of files differ.
static FILES: AtomicUsize = AtomicUsize::new(0);

/// Writes numbers in one byte order.
#[derive(Clone, Copy)]
struct Order {
    big: bool,
}

impl Order {
    fn words(self, words: &[u32]) -> Vec<u8> {
        words
            .iter()
            .flat_map(|&word| if self.big { word.to_be_bytes() } else { word.to_le_bytes() })
            .collect()
    }

    fn pcap_header(self, magic: u32, link: u32) -> Vec<u8> {
        let versions = if self.big { 0x0002_0004 } else { 0x0004_0002 };
        self.words(&[magic, versions, 0, 0, 65535, link])
    }

    fn pcap_record(self, bytes: &[u8], original: u32) -> Vec<u8> {
        [&self.words(&[1, 2, bytes.len() as u32, original])[..], bytes].concat()
    }

    fn block(self, kind: u32, body: &[u8]) -> Vec<u8> {
        let padding = vec![0; body.len().next_multiple_of(4) - body.len()];
        let len = (12 + body.len() + padding.len()) as u32;
        [&self.words(&[kind, len])[..], body, &padding, &self.words(&[len])].concat()
    }

    fn section(self) -> Vec<u8> {
        let versions = if self.big { 0x0001_0000 } else { 0x0000_0001 };
        self.block(SECTION, &self.words(&[0x1a2b_3c4d, versions, u32::MAX, u32::MAX]))
    }

    fn interface(self, link: u16, snap: u32) -> Vec<u8> {
        let link = if self.big { u32::from(link) << 16 } else { link.into() };
        self.block(1, &self.words(&[link, snap]))
    }

    fn enhanced(self, interface: u32, bytes: &[u8], original: u32) -> Vec<u8> {
        let head = self.words(&[interface, 0, 0, bytes.len() as u32, original]);
        self.block(6, &[&head[..], bytes].concat())
    }

    fn simple(self, bytes: &[u8], original: u32) -> Vec<u8> {
        self.block(3, &[&self.words(&[original])[..], bytes].concat())
    }
}

const ORDERS: [Order; 2] = [Order { big: false }, Order { big: true }];

/// Reads a file with these bytes: captured and original lengths of all records, and the end.
fn read(bytes: &[u8]) -> (Vec<(usize, u64)>, Option<CaptureError>) {
    let name = format!("vmdq-capture-{}-{}", process::id(), FILES.fetch_add(1, Ordering::Relaxed));
    let file = env::temp_dir().join(name);
    fs::write(&file, bytes).unwrap();
    let mut records = Vec::new();
    let capture = Capture::open(&file);
    // What is open stays readable.
    fs::remove_file(file).unwrap();
    let mut capture = match capture {
        Ok(capture) => capture,
        Err(error) => return (records, Some(error)),
    };
    loop {
        match capture.next() {
            Ok(Some(record)) => {
                assert!(record.bytes.iter().all(|&byte| byte == 7), "padding is no part of the frame");
                records.push((record.bytes.len(), record.original));
            }
            Ok(None) => return (records, None),
            Err(error) => return (records, Some(error)),
        }
    }
}

#[test]
fn pcap_of_either_order_and_resolution() {
    for order in ORDERS {
        for magic in [0xa1b2_c3d4, 0xa1b2_3c4d] {
            let file = [
                order.pcap_header(magic, 1),
                order.pcap_record(&[7; 60], 60),
                order.pcap_record(&[7; 13], 1500),
                order.pcap_record(&[], 0),
                // Larger than what is read at once.
                order.pcap_record(&[7; 200_000], 200_000),
                order.pcap_record(&[7; 61], 61),
            ];
            let (records, end) = read(&file.concat());
            assert_eq!(records, [(60, 60), (13, 1500), (0, 0), (200_000, 200_000), (61, 61)]);
            assert!(end.is_none(), "{end:?}");
        }
    }
}

#[test]
fn pcapng_of_either_order_with_several_sections_and_packet_kinds() {
    let mut file = Vec::new();
    for order in ORDERS {
        file.extend(order.section());
        file.extend(order.interface(1, 20));
        file.extend(order.interface(1, 0));
        file.extend(order.enhanced(1, &[7; 61], 61));
        file.extend(order.block(0x0bad, &[1, 2, 3]));
        file.extend(order.enhanced(0, &[7; 18], 100));
        file.extend(order.simple(&[7; 20], 100));
        file.extend(order.simple(&[7; 17], 17));
    }
    let (records, end) = read(&file);
    let once = [(61, 61), (18, 100), (20, 100), (17, 17)];
    assert_eq!(records, [once, once].concat());
    assert!(end.is_none(), "{end:?}");
}

#[test]
fn a_file_without_records_is_sound() {
    for order in ORDERS {
        assert!(matches!(read(&order.pcap_header(0xa1b2_c3d4, 1)), (records, None) if records.is_empty()));
        assert!(matches!(read(&order.section()), (records, None) if records.is_empty()));
    }
}

#[test]
fn a_cut_anywhere_is_told_from_the_end() {
    for order in ORDERS {
        let header = order.pcap_header(0xa1b2_c3d4, 1);
        let record = order.pcap_record(&[7; 60], 60);
        let (first, second) = (header.len() + record.len(), header.len() + 2 * record.len());
        let pcap = [header, record.clone(), record].concat();
        for end in 0..=pcap.len() {
            let (records, error) = read(&pcap[..end]);
            let whole = (end >= first) as usize + (end >= second) as usize;
            assert_eq!(records.len(), whole, "{end}");
            match end {
                0 => assert!(matches!(error, Some(CaptureError::Empty))),
                1..4 => assert!(matches!(error, Some(CaptureError::NotACapture))),
                4..24 => assert!(matches!(error, Some(CaptureError::CutHeader)), "{end}: {error:?}"),
                _ if end == 24 || end == first || end == second => assert!(error.is_none(), "{end}"),
                _ => assert!(error.is_some_and(|error| error.is_in_a_record()), "{end}"),
            }
        }
        let sound = [order.section(), order.interface(1, 0)].concat();
        let pcapng = [&sound[..], &order.enhanced(0, &[7; 60], 60)].concat();
        for end in 0..sound.len() + 1 {
            assert!(read(&pcapng[..end]).0.is_empty());
        }
        for end in sound.len() + 1..pcapng.len() {
            let (records, error) = read(&pcapng[..end]);
            assert!(records.is_empty() && error.is_some_and(|error| error.is_in_a_record()), "{end}");
        }
        assert!(matches!(read(&order.section()[..20]).1, Some(CaptureError::CutHeader)));
    }
}

#[test]
fn lengths_that_cannot_be_are_refused() {
    for order in ORDERS {
        let header = order.pcap_header(0xa1b2_c3d4, 1);
        for claimed in [61, 100_000, 20 << 20, u32::MAX] {
            let file = [&header[..], &order.words(&[1, 2, claimed, claimed]), &[7; 60]].concat();
            let error = read(&file).1.unwrap();
            assert!(matches!(error, CaptureError::Cut { record: 1, left: 76, .. }), "{error}");
            assert!(error.to_string().contains(&(u64::from(claimed) + 16).to_string()));
        }
        let huge = LONGEST as u32;
        let file = [&header[..], &order.words(&[1, 2, huge, huge]), &vec![7; huge as usize]].concat();
        assert!(matches!(read(&file).1, Some(CaptureError::Length { record: 1, .. })));

        // A packet that is longer than its block.
        let mut packet = order.enhanced(0, &[7; 60], 60);
        packet[20..24].copy_from_slice(&order.words(&[100_000]));
        let file = [order.section(), order.interface(1, 0), packet.clone()].concat();
        assert!(matches!(read(&file).1, Some(CaptureError::Damaged { record: 1 })));
        // An interface that was never described.
        let file = [order.section(), order.enhanced(0, &[7; 60], 60)].concat();
        assert!(matches!(read(&file).1, Some(CaptureError::Damaged { record: 1 })));
    }
}

#[test]
fn other_files_are_refused() {
    for order in ORDERS {
        for (link, expected) in [(101, "link type 101"), (0x2400_0000 | 1, ""), (0x2c00_0001, "FCS")] {
            let error = read(&order.pcap_header(0xa1b2_c3d4, link)).1;
            assert_eq!(error.is_none(), expected.is_empty() && link & FCS_KNOWN == 0);
            assert!(error.is_none_or(|error| error.to_string().contains(expected)));
        }
        let file = [order.section(), order.interface(113, 0)].concat();
        assert!(matches!(read(&file).1, Some(CaptureError::LinkType(113))));
    }
    assert!(matches!(read(b"hello, world\n").1, Some(CaptureError::NotACapture)));
    assert!(matches!(Capture::open(Path::new("/")), Err(CaptureError::NotAFile)));
    assert!(matches!(Capture::open(Path::new("/no/such")), Err(CaptureError::Io(_))));
}
