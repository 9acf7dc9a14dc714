//! How a virtual machine's program uses its memory: two directions of the I/O channel, buffers to
//! receive into, frames to send, and between them bytes that must not be written.

use core::sync::atomic::AtomicU32;

use anyhow::{Context, Result};
use vmdq::channel::words;
use vmdq::vmm::GuestRange;
use vmdq_sim::{Guest, Guests};

/// Buffers of each direction. A round of the wire takes few enough of them, in whichever of a
/// machine's queues they are.
pub(crate) const ENTRIES: usize = 128;
/// Where buffers begin: a page each, of which a part stays unused.
const STRIDE: u32 = 4096;
/// Places for frames to send.
const OUTGOING: usize = 5;

/// A machine's memory, by use.
#[derive(Clone)]
pub(crate) struct Layout {
    pub(crate) guest: Guest,
    /// The channel on which the machine receives, as words and as memory.
    pub(crate) receive: &'static [AtomicU32],
    /// The channel on which it sends.
    pub(crate) transmit: &'static [AtomicU32],
    channel: [GuestRange; 2],
    /// Buffers to receive into, by number.
    pub(crate) buffers: Vec<GuestRange>,
    /// Places for frames to send.
    pub(crate) outgoing: Vec<GuestRange>,
}

impl Layout {
    /// Gives a new machine memory, for buffers of `size` bytes.
    pub(crate) fn new(guests: &Guests, size: u32) -> Result<Self> {
        let stride = size.next_multiple_of(STRIDE) + if size.is_multiple_of(STRIDE) { STRIDE } else { 0 };
        let channel_bytes = words(ENTRIES as u32) as u32 * 4;
        let bytes = 2 * channel_bytes.next_multiple_of(STRIDE) + (ENTRIES + OUTGOING) as u32 * stride;
        let guest = guests.add((bytes / STRIDE) as usize);
        let take =
            |len, align: u32| guest.alloc(len, align.into()).context("a machine's memory is too small");
        let channel = [take(channel_bytes, STRIDE)?, take(channel_bytes, STRIDE)?];
        let places = |count| (0..count).map(|_| take(size, stride)).collect::<Result<Vec<_>>>();
        let (buffers, outgoing) = (places(ENTRIES)?, places(OUTGOING)?);
        // Nothing is zero, so that nothing can be written without trace.
        let all = guest.memory();
        let canaries: Vec<u8> = (0..all.len).map(|i| (i % 251 + 1) as u8).collect();
        guest.write(all.at, &canaries)?;
        let words = |range| guest.words(range);
        Ok(Self {
            receive: words(channel[0])?,
            transmit: words(channel[1])?,
            guest,
            channel,
            buffers,
            outgoing,
        })
    }

    /// Tells whether the I/O container has a reason to write there.
    pub(crate) fn is_shared(&self, changed: GuestRange) -> bool {
        let within = |range: &GuestRange| range.at <= changed.at && changed.end() <= range.end();
        self.channel.iter().chain(&self.buffers).any(within)
    }
}
