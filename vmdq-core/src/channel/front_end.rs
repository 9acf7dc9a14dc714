//! The front-end: the guest driver's half of one direction of the channel.
#![forbid(unsafe_code)]

use core::fmt;

use super::entry::{GuestBuffer, LENGTH, Request, Response, Status};
use super::half::{Consumer, Notice, Producer};
use super::layout::{Layout, LayoutError, MOST_ENTRIES};
use super::sync::AtomicU32;
use crate::guest::GuestRange;

/// Why a buffer can't be posted.
#[non_exhaustive]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum PostError {
    /// The buffer's number is not below the number of entries.
    Id,
    /// A buffer of this number is posted and not taken back.
    Posted,
    /// The buffer is empty, has 2^24 bytes or more, or runs out of the address space.
    Range,
    /// The channel is broken.
    Corrupt,
}

impl fmt::Display for PostError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Id => "there is no such buffer number: use numbers below the number of entries",
            Self::Posted => "a buffer of this number is posted: take it back first",
            Self::Range => "the range is not possible: use 1 to 2^24 - 1 bytes inside the address space",
            Self::Corrupt => "the channel is broken: have the I/O container restart it",
        })
    }
}
impl core::error::Error for PostError {}

/// Why a response of the back-end can't be used.
#[non_exhaustive]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum ResponseError {
    /// It responded more often than buffers were posted, or took responses back: the channel is
    /// permanently broken.
    Corrupt,
    /// No buffer of this number is posted; ignored.
    NotPosted(u16),
    /// The frame is longer than this buffer, or the status unknown. The buffer is the guest's again,
    /// and its content is invalid.
    Garbled(GuestBuffer),
    /// Another buffer came back for this one, which was not posted for exchange. The guest should use
    /// neither again: it can't know whose they are.
    Exchanged(GuestBuffer),
}

impl fmt::Display for ResponseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Corrupt => f.write_str("the channel is broken: have the I/O container restart it"),
            Self::NotPosted(id) => write!(f, "a response for buffer {id}, which is not posted: ignore it"),
            Self::Garbled(buffer) => {
                write!(f, "the response for buffer {} is malformed: post the buffer again", buffer.id)
            }
            Self::Exchanged(buffer) => {
                write!(
                    f,
                    "buffer {} was exchanged but not posted for exchange: use neither buffer again",
                    buffer.id
                )
            }
        }
    }
}
impl core::error::Error for ResponseError {}

/// A buffer that came back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Done {
    /// The buffer, the guest's again. After an exchange it is elsewhere than the one that was posted,
    /// which is gone.
    pub buffer: GuestBuffer,
    /// Bytes of the frame in it, at most the buffer's.
    pub length: u32,
    /// The VLAN tag of the frame, which is not in its bytes.
    pub tag: Option<u16>,
    /// How it came back.
    pub status: Status,
}

/// What was posted under a number.
#[derive(Clone, Copy, Debug)]
struct Own {
    range: GuestRange,
    exchange: bool,
}

/// The guest's half of one direction, with `N` entries.
///
/// See the [module](super) for an example.
#[derive(Debug)]
pub struct FrontEnd<'m, const N: usize> {
    requests: Producer<'m>,
    responses: Consumer<'m>,
    /// By number: what was posted and not taken back.
    own: [Option<Own>; N],
    posted: u32,
    broken: bool,
}

impl<'m, const N: usize> FrontEnd<'m, N> {
    const CHECKED: () = assert!(
        N.is_power_of_two() && N <= MOST_ENTRIES as usize,
        "the number of entries is a power of two up to 32768"
    );

    /// Finds the rings that the back-end laid out; only one front-end can use them.
    ///
    /// # Errors
    ///
    /// [`LayoutError`] if they are not there, too short, or used.
    pub fn new(words: &'m [AtomicU32]) -> Result<Self, LayoutError> {
        const { Self::CHECKED };
        let layout = Layout::split(words, N as u32)?;
        layout.check()?;
        Ok(Self {
            requests: Producer::new(layout.requests, layout.requests_produced(), layout.request_event()),
            responses: Consumer::new(layout.responses, layout.responses_produced(), layout.response_event()),
            own: [None; N],
            posted: 0,
            broken: false,
        })
    }

    /// Posts an empty buffer.
    ///
    /// # Errors
    ///
    /// [`PostError`]; nothing is posted then.
    #[inline]
    pub fn post(&mut self, buffer: GuestBuffer) -> Result<(), PostError> {
        self.put(Request { buffer, tag: None, exchange: false })
    }

    /// Posts an empty buffer that the I/O container may keep in exchange for another one.
    ///
    /// The other one has the same length (transfer by buffer exchange).
    ///
    /// # Errors
    ///
    /// [`PostError`]; nothing is posted then.
    pub fn post_for_exchange(&mut self, buffer: GuestBuffer) -> Result<(), PostError> {
        self.put(Request { buffer, tag: None, exchange: true })
    }

    /// Posts a frame to send: a buffer as long as the frame, and the VLAN tag to insert.
    ///
    /// # Errors
    ///
    /// [`PostError`]; nothing is posted then.
    pub fn post_frame(&mut self, frame: GuestBuffer, tag: Option<u16>) -> Result<(), PostError> {
        self.put(Request { buffer: frame, tag, exchange: false })
    }

    #[inline]
    fn put(&mut self, request: Request) -> Result<(), PostError> {
        if self.broken {
            return Err(PostError::Corrupt);
        }
        let GuestBuffer { id, range } = request.buffer;
        let own = self.own.get_mut(usize::from(id)).ok_or(PostError::Id)?;
        if own.is_some() {
            return Err(PostError::Posted);
        }
        if range.len == 0 || range.len > LENGTH || range.end().is_none() {
            return Err(PostError::Range);
        }
        *own = Some(Own { range, exchange: request.exchange });
        self.posted += 1;
        // N numbers, so at most N posted: there is room.
        self.requests.put(request.pack());
        Ok(())
    }

    /// Takes the next buffer that came back, in the order in which the back-end finished them.
    ///
    /// # Errors
    ///
    /// [`ResponseError`]; all but [`Corrupt`](ResponseError::Corrupt) concern one response, and the
    /// next call goes on.
    #[inline]
    pub fn take_done(&mut self) -> Result<Option<Done>, ResponseError> {
        if self.broken {
            return Err(ResponseError::Corrupt);
        }
        let Some(words) = self.responses.take(self.posted).map_err(|_| self.break_off())? else {
            return Ok(None);
        };
        let Response { at, length, id, tag, status } = Response::unpack(words);
        let own = self.own.get_mut(usize::from(id)).and_then(Option::take);
        let Own { range, exchange } = own.ok_or(ResponseError::NotPosted(id))?;
        self.posted -= 1;
        let buffer = GuestBuffer { id, range };
        if at != range.at && !exchange {
            return Err(ResponseError::Exchanged(buffer));
        }
        let buffer = GuestBuffer { id, range: GuestRange { at, ..range } };
        match status {
            Some(status) if length <= range.len => Ok(Some(Done { buffer, length, tag, status })),
            _ => Err(ResponseError::Garbled(buffer)),
        }
    }

    /// Tells whether the back-end wants to be notified of what was posted since the last call.
    ///
    /// Call it once after a batch: it costs a fence.
    #[must_use = "the back-end may be asleep"]
    pub fn needs_notify(&mut self) -> bool {
        self.requests.notice() == Notice::Needed
    }

    /// Asks to be notified of the next buffer that comes back; tells whether the driver may sleep until then.
    ///
    /// # Errors
    ///
    /// [`ResponseError::Corrupt`] if the channel is broken.
    pub fn may_sleep(&mut self) -> Result<bool, ResponseError> {
        if self.broken {
            return Err(ResponseError::Corrupt);
        }
        self.responses.ask(self.posted).map_err(|_| self.break_off())
    }

    /// Returns how many buffers are posted and not taken back.
    #[must_use]
    pub const fn posted(&self) -> usize {
        self.posted as usize
    }

    /// Tells whether a buffer of this number is posted and not taken back.
    #[must_use]
    pub fn is_posted(&self, id: u16) -> bool {
        self.own.get(usize::from(id)).is_some_and(Option::is_some)
    }

    const fn break_off(&mut self) -> ResponseError {
        self.broken = true;
        ResponseError::Corrupt
    }
}
