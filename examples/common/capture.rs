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
            // Only the first interface gives its captured length; 0 means no limit.
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
#[path = "capture/tests.rs"]
mod tests;
