//! The back-end: the I/O container's half of one direction of the channel.
#![forbid(unsafe_code)]

use core::fmt;

use super::entry::{GuestBuffer, Request, Status, respond};
use super::half::{Consumer, Notice, Producer};
use super::layout::{Layout, LayoutError};
use super::sync::AtomicU32;
use crate::guest::GuestRange;

/// The guest wrote an impossible count: the channel is broken until [`BackEnd::restart`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Corrupt;

impl fmt::Display for Corrupt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the guest corrupted its channel: restart the channel after the guest's driver was reset")
    }
}
impl core::error::Error for Corrupt {}

/// Why an entry that the guest posted can't be used.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Unfit {
    /// The entry is malformed; it was given back as [`Status::Refused`], and the next call continues.
    Malformed,
    /// The channel is broken.
    Corrupt,
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed => {
                f.write_str("the guest posted a malformed entry, which was given back: take the next one")
            }
            Self::Corrupt => Corrupt.fmt(f),
        }
    }
}
impl core::error::Error for Unfit {}

/// A buffer that the guest posted and that must be given back, once.
///
/// The range is what the guest wrote, copied once. [`GuestMemory`](crate::guest::GuestMemory) checks
/// whether the memory is the guest's.
#[must_use = "the guest waits for its buffer: give it back"]
#[derive(PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Posted {
    request: Request,
    channel: ChannelId,
}

impl Posted {
    /// Returns the guest's number for the buffer. The guest chose it: it is below the number of entries
    /// but may not be unique.
    #[must_use]
    pub const fn id(&self) -> u16 {
        self.request.buffer.id
    }

    /// Returns where the buffer is, or for transmit the frame.
    #[must_use]
    pub const fn range(&self) -> GuestRange {
        self.request.buffer.range
    }

    /// Returns the VLAN tag that the guest wants inserted.
    #[must_use]
    pub const fn tag(&self) -> Option<u16> {
        self.request.tag
    }

    /// Tells whether another buffer may be given back for this one.
    #[must_use]
    pub const fn may_exchange(&self) -> bool {
        self.request.exchange
    }
}

/// Why a response can't be given; the buffer is returned with it.
#[non_exhaustive]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum RespondError {
    /// The buffer was taken from another channel, or from this one before it was restarted or made anew.
    Foreign,
    /// The frame is longer than the buffer.
    TooLong,
    /// The guest did not post the buffer for exchange.
    NotForExchange,
    /// The buffer given in exchange is not as long as the one that was posted.
    OtherLength,
    /// The channel is broken.
    Corrupt,
}

impl fmt::Display for RespondError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Foreign => {
                "the buffer was taken from another channel, or before a restart: respond there, or drop it"
            }
            Self::TooLong => "the frame is longer than the buffer: give the buffer back as refused",
            Self::NotForExchange => "the guest did not post the buffer for exchange: copy the frame",
            Self::OtherLength => {
                "the buffer is not as long as the posted one: exchange buffers of one length"
            }
            Self::Corrupt => return Corrupt.fmt(f),
        })
    }
}
impl core::error::Error for RespondError {}

/// Names a channel from one start to the next, among all in the program.
///
/// Its memory does not: a second back-end on the same words is another channel. Numbers repeat after 2^32
/// starts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
struct ChannelId(u32);

impl ChannelId {
    fn next() -> Self {
        // Not the atomics of `sync`: this word is not shared with a guest, and loom need not explore it.
        static NEXT: core::sync::atomic::AtomicU32 = core::sync::atomic::AtomicU32::new(0);
        Self(NEXT.fetch_add(1, core::sync::atomic::Ordering::Relaxed))
    }
}

/// Counts of the guest's buffers in one direction, over all restarts.
///
/// `taken` is the sum of `done`, `refused`, `dropped`, `forgotten` and [`BackEnd::held`].
#[non_exhaustive]
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct BackEndCounters {
    /// Buffers taken, malformed ones excepted.
    pub taken: u64,
    /// Buffers given back as done, exchanged ones included.
    pub done: u64,
    /// Buffers for which another was given.
    pub exchanged: u64,
    /// Buffers given back as refused, malformed ones excepted.
    pub refused: u64,
    /// Buffers given back as dropped.
    pub dropped: u64,
    /// Buffers that were held at a restart: their owner was reset.
    pub forgotten: u64,
    /// Malformed entries, given back as refused.
    pub malformed: u64,
    /// How often the guest corrupted the channel.
    pub corrupt: u64,
}

/// The I/O container's half of one direction.
///
/// See the [module](super) for an example, and for what the guest can do to it.
#[derive(Debug)]
pub struct BackEnd<'m> {
    layout: Layout<'m>,
    requests: Consumer<'m>,
    responses: Producer<'m>,
    id: ChannelId,
    broken: bool,
    counters: BackEndCounters,
}

impl<'m> BackEnd<'m> {
    /// Lays out rings of `entries` entries in words that the guest shares, for a front-end to find.
    ///
    /// There are [`words(entries)`](super::words) of them.
    ///
    /// One back-end uses the words at a time. A buffer that an earlier one on them took ([`Posted`]) is
    /// refused as [`RespondError::Foreign`].
    ///
    /// # Errors
    ///
    /// [`LayoutError`] if such rings are not possible.
    pub fn new(words: &'m [AtomicU32], entries: u32) -> Result<Self, LayoutError> {
        let layout = Layout::split(words, entries)?;
        layout.lay_out();
        let (requests, responses) = halves(&layout);
        let counters = BackEndCounters::default();
        Ok(Self { layout, requests, responses, id: ChannelId::next(), broken: false, counters })
    }

    /// Lays out the rings again after the guest's driver was reset, for a new front-end.
    ///
    /// Buffers that were posted before are forgotten. Those that the I/O container still holds must not be
    /// written any more (targeted receive: stop, then unmap, then restart); their [`Posted`] are refused
    /// as [`RespondError::Foreign`].
    pub fn restart(&mut self) {
        self.counters.forgotten += u64::from(self.held());
        self.layout.lay_out();
        (self.requests, self.responses) = halves(&self.layout);
        self.id = ChannelId::next();
        self.broken = false;
    }

    /// Takes the next buffer that the guest posted. Constant work: one entry at most.
    ///
    /// A malformed entry is given back at once and reported as [`Unfit::Malformed`]. A broken channel is
    /// reported once and yields nothing more; see [`is_corrupt`](Self::is_corrupt).
    #[inline]
    #[expect(clippy::should_implement_trait, reason = "not an iterator: `None` is not the end")]
    pub fn next(&mut self) -> Option<Result<Posted, Unfit>> {
        if self.broken {
            return None;
        }
        let words = match self.requests.take(self.most()) {
            Ok(words) => words?,
            Err(_) => {
                self.break_off();
                return Some(Err(Unfit::Corrupt));
            }
        };
        let (request, possible) = Request::unpack(words, self.layout.entries());
        if !possible {
            self.counters.malformed += 1;
            self.responses.put(respond(request.buffer, 0, None, Status::Refused));
            return Some(Err(Unfit::Malformed));
        }
        self.counters.taken += 1;
        Some(Ok(Posted { request, channel: self.id }))
    }

    /// Gives a buffer back as done: it holds a frame of `length` bytes, or its frame was taken.
    ///
    /// # Errors
    ///
    /// [`RespondError`] and the buffer; nothing was responded.
    #[inline]
    pub fn complete(
        &mut self,
        posted: Posted,
        length: u32,
        tag: Option<u16>,
    ) -> Result<(), (RespondError, Posted)> {
        let buffer = posted.request.buffer;
        self.answer(posted, buffer, length, tag, Status::Done)?;
        self.counters.done += 1;
        Ok(())
    }

    /// Gives a buffer back without a frame: [`Status::Refused`] or [`Status::Dropped`].
    ///
    /// [`Status::Done`] is a frame of no bytes.
    ///
    /// # Errors
    ///
    /// [`RespondError`] and the buffer; nothing was responded.
    #[inline]
    pub fn give_back(&mut self, posted: Posted, status: Status) -> Result<(), (RespondError, Posted)> {
        let buffer = posted.request.buffer;
        self.answer(posted, buffer, 0, None, status)?;
        match status {
            Status::Done => self.counters.done += 1,
            Status::Refused => self.counters.refused += 1,
            Status::Dropped => self.counters.dropped += 1,
        }
        Ok(())
    }

    /// Keeps a buffer and gives a full one in exchange; returns the buffer that is kept.
    ///
    /// Afterwards `given` is the guest's memory and the posted range the I/O container's: the hypervisor
    /// moves the pages before it calls this, since the guest may read the response at once.
    ///
    /// # Errors
    ///
    /// [`RespondError`] and the buffer; nothing was responded.
    pub fn exchange(
        &mut self,
        posted: Posted,
        given: GuestRange,
        length: u32,
        tag: Option<u16>,
    ) -> Result<GuestRange, (RespondError, Posted)> {
        let GuestBuffer { id, range } = posted.request.buffer;
        if !posted.request.exchange {
            return Err((RespondError::NotForExchange, posted));
        }
        if given.len != range.len {
            return Err((RespondError::OtherLength, posted));
        }
        self.answer(posted, GuestBuffer { id, range: given }, length, tag, Status::Done)?;
        self.counters.done += 1;
        self.counters.exchanged += 1;
        Ok(range)
    }

    #[inline]
    fn answer(
        &mut self,
        posted: Posted,
        buffer: GuestBuffer,
        length: u32,
        tag: Option<u16>,
        status: Status,
    ) -> Result<(), (RespondError, Posted)> {
        let error = if posted.channel != self.id {
            RespondError::Foreign
        } else if self.broken {
            RespondError::Corrupt
        } else if length > buffer.range.len {
            RespondError::TooLong
        } else {
            self.responses.put(respond(buffer, length, tag, status));
            return Ok(());
        };
        Err((error, posted))
    }

    /// Tells whether the guest wants to be notified of what was given back since the last call.
    ///
    /// Call it once after a batch: it costs a fence.
    #[must_use = "the guest may be asleep"]
    pub fn needs_notify(&mut self) -> bool {
        self.notice() == Notice::Needed
    }

    pub(super) fn notice(&mut self) -> Notice {
        self.responses.notice()
    }

    /// Asks to be notified of the next buffer; tells whether the I/O container may sleep until then.
    ///
    /// It may if the guest has posted none yet.
    ///
    /// # Errors
    ///
    /// [`Corrupt`] if the channel is broken: nothing will come.
    pub fn may_sleep(&mut self) -> Result<bool, Corrupt> {
        if self.broken {
            return Err(Corrupt);
        }
        self.requests.ask(self.most()).map_err(|_| self.break_off())
    }

    /// Returns how many buffers were taken and not given back.
    #[must_use]
    pub const fn held(&self) -> u32 {
        self.requests.index().wrapping_sub(self.responses.index())
    }

    /// Tells whether the guest corrupted the channel.
    #[must_use]
    pub const fn is_corrupt(&self) -> bool {
        self.broken
    }

    /// Returns the counts of the guest's buffers.
    #[must_use]
    pub const fn counters(&self) -> BackEndCounters {
        self.counters
    }

    /// How many buffers the guest can have posted beyond those that were taken: N less those that it
    /// waits for.
    const fn most(&self) -> u32 {
        self.layout.entries().saturating_sub(self.held())
    }

    const fn break_off(&mut self) -> Corrupt {
        self.broken = true;
        self.counters.corrupt += 1;
        Corrupt
    }
}

fn halves<'m>(layout: &Layout<'m>) -> (Consumer<'m>, Producer<'m>) {
    (
        Consumer::new(layout.requests, layout.requests_produced(), layout.request_event()),
        Producer::new(layout.responses, layout.responses_produced(), layout.response_event()),
    )
}
