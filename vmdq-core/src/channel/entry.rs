//! The entries of the rings, and how they are packed into four words.
#![forbid(unsafe_code)]

use crate::guest::GuestRange;

/// Word 2: bytes of the buffer or frame.
pub(super) const LENGTH: u32 = 0x00ff_ffff;
/// Word 2: word 3 has a tag.
const TAGGED: u32 = 1 << 24;
/// Word 2 of a request: another buffer may be given back.
const EXCHANGE: u32 = 1 << 25;
/// Word 2 of a response: the status.
const STATUS_SHIFT: u32 = 26;
const STATUS: u32 = 3 << STATUS_SHIFT;

/// A buffer of the guest: its number and its range.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct GuestBuffer {
    /// The guest's number for it, below the number of entries; no two posted buffers share one.
    pub id: u16,
    /// Where it is, in the guest's own addresses; at most 2^24 - 1 bytes. For transmit, the frame:
    /// its first byte and its length.
    pub range: GuestRange,
}

/// The status with which a buffer came back.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Status {
    /// Used: it holds a frame, or its frame was taken.
    Done,
    /// The I/O container could not use it: it is not the guest's memory, too short, or a frame of a length
    /// that can't be sent.
    Refused,
    /// The I/O container had no use for it, or dropped its frame.
    Dropped,
}

/// A request, as the back-end copied it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(super) struct Request {
    pub(super) buffer: GuestBuffer,
    pub(super) tag: Option<u16>,
    pub(super) exchange: bool,
}

/// A response, as the front-end copied it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Response {
    pub(super) at: u64,
    pub(super) length: u32,
    pub(super) id: u16,
    pub(super) tag: Option<u16>,
    /// `None` for a status that isn't one.
    pub(super) status: Option<Status>,
}

#[inline]
fn pack(at: u64, length: u32, flags: u32, id: u16, tag: Option<u16>) -> [u32; 4] {
    let (tagged, tag) = match tag {
        Some(tag) => (TAGGED, tag),
        None => (0, 0),
    };
    let [low, high] = [at as u32, (at >> 32) as u32];
    [low, high, length & LENGTH | flags | tagged, u32::from(id) | u32::from(tag) << 16]
}

#[inline]
const fn address(words: [u32; 4]) -> u64 {
    words[0] as u64 | (words[1] as u64) << 32
}

#[inline]
fn tag(words: [u32; 4]) -> Option<u16> {
    (words[2] & TAGGED != 0).then_some((words[3] >> 16) as u16)
}

impl Request {
    #[inline]
    pub(super) fn pack(self) -> [u32; 4] {
        let flags = if self.exchange { EXCHANGE } else { 0 };
        pack(self.buffer.range.at, self.buffer.range.len, flags, self.buffer.id, self.tag)
    }

    /// Reads a request, and tells whether it is valid. The buffer is as the words say in any case,
    /// so that it can be given back.
    #[inline]
    pub(super) fn unpack(words: [u32; 4], entries: u32) -> (Self, bool) {
        let range = GuestRange { at: address(words), len: words[2] & LENGTH };
        let buffer = GuestBuffer { id: words[3] as u16, range };
        let possible = range.len != 0
            && range.end().is_some()
            && u32::from(buffer.id) < entries
            && words[2] & !(LENGTH | TAGGED | EXCHANGE) == 0;
        (Self { buffer, tag: tag(words), exchange: words[2] & EXCHANGE != 0 }, possible)
    }
}

/// Packs a response.
#[inline]
pub(super) fn respond(buffer: GuestBuffer, length: u32, tag: Option<u16>, status: Status) -> [u32; 4] {
    let status = match status {
        Status::Done => 0,
        Status::Refused => 1,
        Status::Dropped => 2,
    };
    pack(buffer.range.at, length, status << STATUS_SHIFT, buffer.id, tag)
}

impl Response {
    #[inline]
    pub(super) fn unpack(words: [u32; 4]) -> Self {
        let status = match (words[2] & STATUS) >> STATUS_SHIFT {
            0 => Some(Status::Done),
            1 => Some(Status::Refused),
            2 => Some(Status::Dropped),
            _ => None,
        };
        let status = status.filter(|_| words[2] & !(LENGTH | TAGGED | STATUS) == 0);
        Self { at: address(words), length: words[2] & LENGTH, id: words[3] as u16, tag: tag(words), status }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    const BUFFER: GuestBuffer = GuestBuffer { id: 7, range: GuestRange { at: 0x1_2345_6780, len: 2048 } };

    #[test]
    fn words_are_as_the_table_says() {
        let request = Request { buffer: BUFFER, tag: Some(0xa005), exchange: true };
        assert_eq!(request.pack(), [0x2345_6780, 1, 0x0300_0800, 0xa005_0007]);
        assert_eq!(Request::unpack(request.pack(), 8), (request, true));
        let words = respond(BUFFER, 60, None, Status::Dropped);
        assert_eq!(words, [0x2345_6780, 1, 0x0800_003c, 7]);
        let response =
            Response { at: BUFFER.range.at, length: 60, id: 7, tag: None, status: Some(Status::Dropped) };
        assert_eq!(Response::unpack(words), response);
    }

    #[test]
    fn an_impossible_request_is_reported() {
        let good = Request { buffer: BUFFER, tag: None, exchange: false }.pack();
        let possible = |words| Request::unpack(words, 8).1;
        assert!(possible(good));
        for bit in 26..32 {
            assert!(!possible([good[0], good[1], good[2] | 1 << bit, good[3]]));
        }
        assert!(!possible([good[0], good[1], 0, good[3]]));
        assert!(!possible([good[0], good[1], good[2], 8]));
        // The last byte of the address space can't be used: its end has no address.
        assert!(!possible([u32::MAX, u32::MAX, 1, 0]));
        assert!(possible([u32::MAX - 1, u32::MAX, 1, 0]));
    }

    #[test]
    fn an_impossible_response_has_no_status() {
        let good = respond(BUFFER, 60, Some(1), Status::Done);
        for bit in [25, 28, 29, 30, 31] {
            assert_eq!(Response::unpack([good[0], good[1], good[2] | 1 << bit, good[3]]).status, None);
        }
        assert_eq!(Response::unpack([good[0], good[1], good[2] | STATUS, good[3]]).status, None);
    }
}
