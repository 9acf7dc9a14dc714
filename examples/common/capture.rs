//! Reads pcap and pcapng files record by record, in either byte order, with micro- or nanoseconds.
//!
//! `pcap-parser` knows the formats and keeps one record in memory at a time. What is added here:
//! which records are Ethernet frames, how long each was, and what exactly is wrong with a file that
//! ends too early or claims what can't be.

use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::Path;

use pcap_parser::traits::PcapReaderIterator;
use pcap_parser::{Block, Linktype, PcapBlockOwned, PcapError, create_reader};

use crate::source::Record;

/// How much is read at once.
const CHUNK: usize = 1 << 16;
/// The longest record, with its header, that is taken for one.
const LONGEST: u64 = 16 << 20;
/// The first four bytes of a pcapng file, and those of pcap files as a little-endian number.
const SECTION: u32 = 0x0a0d_0d0a;
const LEGACY: [u32; 5] = [0xa1b2_c3d4, 0xd4c3_b2a1, 0xa1b2_3c4d, 0x4d3c_b2a1, 0xa1b2_cd34];
/// Link types have 16 bits; above them a pcap header tells of an FCS at the end of each frame: bit 26
/// whether, bits 31 to 28 how long it is, in words of 16 bits.
const LINK_TYPE: u32 = 0xffff;
const FCS_KNOWN: u32 = 1 << 26;
/// The packet block of old pcapng drafts.
const OBSOLETE_PACKET: u32 = 2;

/// What is wrong with a capture.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CaptureError {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("not a regular file")]
    NotAFile,
    #[error("the file is empty")]
    Empty,
    #[error("neither pcap nor pcapng")]
    NotACapture,
    #[error("ends in the middle of the file header")]
    CutHeader,
    #[error("link type {0}: only Ethernet (1) is read")]
    LinkType(u32),
    #[error("the frames have their FCS: only captures without it are read")]
    WithFcs,
    #[error("ends in the middle of record {record}, which claims {claimed} bytes; {left} are left")]
    Cut { record: u64, claimed: u64, left: u64 },
    #[error("ends in the middle of the header of record {record}")]
    CutRecordHeader { record: u64 },
    #[error("record {record} claims {claimed} bytes: the file is damaged")]
    Length { record: u64, claimed: u64 },
    #[error("the file is damaged at record {record}")]
    Damaged { record: u64 },
    #[error("record {record} has a format that is obsolete: convert the file with `editcap`")]
    Obsolete { record: u64 },
}

/// An interface of a pcapng section, or the only one of a pcap file.
#[derive(Clone, Copy)]
struct Interface {
    snap: u32,
}

/// A capture file that is being read.
pub(crate) struct Capture {
    reader: Box<dyn PcapReaderIterator + Send>,
    /// Bytes of the file.
    size: u64,
    /// Whether lengths are big-endian, as far as is known.
    big_endian: bool,
    pcapng: bool,
    interfaces: Vec<Interface>,
    /// Records before this one.
    records: u64,
    /// The bytes of the record at hand.
    bytes: Vec<u8>,
}

/// What a block of the file is to us.
enum Item {
    Record { original: u64 },
    Other,
}

impl Capture {
    pub(crate) fn open(path: &Path) -> Result<Self, CaptureError> {
        // Asked before opening: to open a pipe would wait for its other end.
        let about = path.metadata()?;
        if !about.is_file() {
            return Err(CaptureError::NotAFile);
        }
        let mut file = File::open(path)?;
        let mut magic = Vec::new();
        file.by_ref().take(4).read_to_end(&mut magic)?;
        file.rewind()?;
        let Ok(magic) = <[u8; 4]>::try_from(magic.as_slice()).map(u32::from_le_bytes) else {
            return Err(if magic.is_empty() { CaptureError::Empty } else { CaptureError::NotACapture });
        };
        let pcapng = magic == SECTION;
        if !pcapng && !LEGACY.contains(&magic) {
            return Err(CaptureError::NotACapture);
        }
        let reader = create_reader(CHUNK, file).map_err(|error| match error {
            PcapError::ReadError => CaptureError::Io(io::Error::other("can't be read")),
            // The magic number is right; so the rest of the header is not there, or (pcapng) its
            // lengths and byte order are nonsense.
            _ => CaptureError::CutHeader,
        })?;
        let mut capture = Self {
            reader,
            size: about.len(),
            big_endian: false,
            pcapng,
            interfaces: Vec::new(),
            records: 0,
            bytes: Vec::new(),
        };
        // The file header; its link type may be refused.
        capture.item()?;
        Ok(capture)
    }

    /// Reads the next record; `None` at the end of a file that ends where it should.
    pub(crate) fn next(&mut self) -> Result<Option<Record<'_>>, CaptureError> {
        loop {
            match self.item()? {
                None => return Ok(None),
                Some(Item::Other) => {}
                Some(Item::Record { original }) => {
                    self.records += 1;
                    return Ok(Some(Record { bytes: &self.bytes, original }));
                }
            }
        }
    }

    /// Returns how many bytes were read, and how many there are.
    pub(crate) fn progress(&self) -> (u64, u64) {
        (self.reader.consumed() as u64, self.size)
    }

    /// Reads one block of the file; a record's bytes are then in `bytes`.
    fn item(&mut self) -> Result<Option<Item>, CaptureError> {
        let record = self.records + 1;
        loop {
            // What has to be done once the reader is no longer borrowed.
            let grow = match self.reader.next() {
                Ok((len, block)) => {
                    let big_endian = &mut self.big_endian;
                    let item = take(block, big_endian, &mut self.interfaces, &mut self.bytes, record)?;
                    self.reader.consume(len);
                    return Ok(Some(item));
                }
                Err(PcapError::Eof) => return Ok(None),
                Err(PcapError::Incomplete(_)) => false,
                Err(PcapError::BufferTooSmall) => true,
                Err(PcapError::UnexpectedEof) => return Err(self.cut()),
                Err(PcapError::ReadError) => return Err(io::Error::other("can't be read").into()),
                Err(_) => return Err(CaptureError::Damaged { record }),
            };
            if grow {
                self.make_room()?;
            }
            if self.reader.refill().is_err() {
                return Err(io::Error::other("can't be read").into());
            }
        }
    }

    /// Makes the buffer large enough for the record at hand, if that is one.
    fn make_room(&mut self) -> Result<(), CaptureError> {
        let record = self.records + 1;
        // The buffer is never too small for a header of a record.
        let claimed = self.claimed().ok_or(CaptureError::Damaged { record })?;
        if claimed > self.left() {
            return Err(self.cut());
        }
        if claimed > LONGEST {
            return Err(CaptureError::Length { record, claimed });
        }
        // The reader wants more room than it fills.
        if !self.reader.grow(claimed as usize + CHUNK) {
            // It was large enough: the record's inner lengths contradict each other.
            return Err(CaptureError::Damaged { record });
        }
        Ok(())
    }

    /// Returns how many bytes of the file come after what was consumed.
    fn left(&self) -> u64 {
        self.size.saturating_sub(self.reader.consumed() as u64)
    }

    /// Returns how long the record at hand (pcapng: the block) is by its own account, header
    /// included; `None` if the header is not all there.
    fn claimed(&self) -> Option<u64> {
        let data = self.reader.data();
        let at = if self.pcapng { 4 } else { 8 };
        data.get(..if self.pcapng { 8 } else { 16 })?;
        let length = data.get(at..)?.first_chunk()?;
        let length = if self.big_endian { u32::from_be_bytes(*length) } else { u32::from_le_bytes(*length) };
        Some(u64::from(length) + if self.pcapng { 0 } else { 16 })
    }

    /// Says how a file ends that ends too early.
    fn cut(&self) -> CaptureError {
        let record = self.records + 1;
        let left = self.left();
        match self.claimed() {
            None => CaptureError::CutRecordHeader { record },
            Some(claimed) if claimed > left => CaptureError::Cut { record, claimed, left },
            // All of it is there, so what it says of its inside can't be.
            Some(_) => CaptureError::Damaged { record },
        }
    }
}

impl CaptureError {
    /// Tells whether the file was sound up to some record: then there is a result up to there.
    pub(crate) fn is_in_a_record(&self) -> bool {
        matches!(
            self,
            Self::Cut { .. } | Self::CutRecordHeader { .. } | Self::Length { .. } | Self::Damaged { .. }
        )
    }
}

/// Looks at a block.
fn take(
    block: PcapBlockOwned<'_>,
    big_endian: &mut bool,
    interfaces: &mut Vec<Interface>,
    bytes: &mut Vec<u8>,
    record: u64,
) -> Result<Item, CaptureError> {
    let damaged = CaptureError::Damaged { record };
    let (data, original) = match block {
        PcapBlockOwned::LegacyHeader(header) => {
            *big_endian = header.is_bigendian();
            ethernet(header.network)?;
            return Ok(Item::Other);
        }
        PcapBlockOwned::Legacy(frame) => (frame.data, frame.origlen),
        PcapBlockOwned::NG(Block::SectionHeader(header)) => {
            *big_endian = header.big_endian();
            interfaces.clear();
            return Ok(Item::Other);
        }
        PcapBlockOwned::NG(Block::InterfaceDescription(interface)) => {
            ethernet(interface.linktype)?;
            interfaces.push(Interface { snap: interface.snaplen });
            return Ok(Item::Other);
        }
        PcapBlockOwned::NG(Block::EnhancedPacket(packet)) => {
            interfaces.get(packet.if_id as usize).ok_or(damaged)?;
            // The padding is not the frame's.
            let data = packet.data.get(..packet.caplen as usize);
            (data.ok_or(CaptureError::Damaged { record })?, packet.origlen)
        }
        PcapBlockOwned::NG(Block::SimplePacket(packet)) => {
            // Its captured length is told by the first interface alone; 0 means no limit.
            let snap = interfaces.first().ok_or(damaged)?.snap;
            let snap = if snap == 0 { u32::MAX } else { snap };
            let captured = packet.origlen.min(snap) as usize;
            (packet.data.get(..captured).unwrap_or(packet.data), packet.origlen)
        }
        PcapBlockOwned::NG(Block::Unknown(block)) if block.block_type == OBSOLETE_PACKET => {
            return Err(CaptureError::Obsolete { record });
        }
        PcapBlockOwned::NG(_) => return Ok(Item::Other),
    };
    bytes.clear();
    bytes.extend_from_slice(data);
    Ok(Item::Record { original: original.into() })
}

/// Refuses what is not plain Ethernet.
fn ethernet(link: Linktype) -> Result<(), CaptureError> {
    let word = link.0 as u32;
    match Linktype((word & LINK_TYPE) as i32) {
        Linktype::ETHERNET if word & FCS_KNOWN != 0 && word >> 28 != 0 => Err(CaptureError::WithFcs),
        Linktype::ETHERNET => Ok(()),
        other => Err(CaptureError::LinkType(other.0 as u32)),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

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
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(bytes).unwrap();
        let mut records = Vec::new();
        let mut capture = match Capture::open(file.path()) {
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
            assert!(
                matches!(read(&order.pcap_header(0xa1b2_c3d4, 1)), (records, None) if records.is_empty())
            );
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
}
