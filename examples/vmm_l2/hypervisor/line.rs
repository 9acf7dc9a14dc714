//! A virtual machine's queue and its virtual interface: how frames get from the one to the other.
//!
//! A virtual machine that shares buffers gets its own frames where the controller wrote them, and what
//! is flooded by copy into buffers that are held back. To all others everything is copied.

use std::collections::BTreeMap;

use vmdq::channel::{BackEndCounters, Posted, Status, TakeError, Undelivered, Unfit, VirtualInterface};
use vmdq::ring::{BufferPool, RxRing, TxRing};
use vmdq::switch::InterfaceId;
use vmdq::targeted::{ShareState, TargetedRing};
use vmdq::vmm::GuestMemory;
use vmdq::{Any, BindingId, MacAddress, Pool, Running};
use vmdq_sim::Guests;

use super::Host;
use crate::vm::ENTRIES;

/// Shared buffers that are held back for what is flooded: as many as there can be such frames between
/// two runs of the virtual machine, and some more.
pub(super) const RESERVE: usize = 64;

/// Lost frames, by reason.
pub(crate) type Lost = BTreeMap<&'static str, u64>;

/// A virtual machine's queue pair and what stands behind it.
pub(super) struct Line {
    pub(super) mac: MacAddress,
    pub(super) binding: BindingId,
    pub(super) receive: Receive,
    pub(super) tx: TxRing<Host>,
    pub(super) pool: Pool<Any, Host, Running>,
    pub(super) interface: Interface,
}

/// Where received frames land.
pub(super) enum Receive {
    /// In the I/O container; each is copied.
    Copying(RxRing<Host>),
    /// In the virtual machine.
    Targeted(TargetedRing<Host, Guests>),
}

/// The virtual interface: the I/O container's half of the I/O channel.
pub(super) struct Interface {
    pub(super) id: InterfaceId,
    pub(super) channel: VirtualInterface<'static>,
    /// Buffers that the guest posted and that are shared, by number.
    pub(super) shared: [Option<Posted>; ENTRIES],
    /// Frames that the guest found in a buffer without a copy by software.
    pub(super) in_place: u64,
    /// Frames whose header the hardware replicated.
    pub(super) headers_replicated: u64,
    /// The controller once had no buffer left for the guest's frames.
    pub(super) ran_dry: bool,
    pub(super) lost: Lost,
}

impl Line {
    /// Takes the buffers that a sharing guest has posted: shares those that are new, takes back those
    /// that held a frame. What can't be shared goes back as refused.
    pub(super) fn take_posted(&mut self) {
        let (Receive::Targeted(ring), interface) = (&mut self.receive, &mut self.interface) else { return };
        // As many as an honest guest can have posted: one that posts on and on waits for its next turn.
        for _ in 0..ENTRIES {
            let posted = match interface.channel.receive().next() {
                Some(Ok(posted)) => posted,
                // It went back to the guest.
                Some(Err(Unfit::Malformed)) => continue,
                // A broken channel is counted, and the hypervisor continues without the guest: its queue
                // runs dry, and the controller drops.
                Some(Err(Unfit::Corrupt)) | None => break,
            };
            if interface.hold(ring, &posted) {
                let place = &mut interface.shared[usize::from(posted.id())];
                *place = Some(posted);
            } else {
                interface.give_back(posted, Status::Refused);
            }
        }
    }

    /// Gives the controller buffers again.
    pub(super) fn refill(&mut self, headers: &mut BufferPool, buffers: &mut BufferPool) {
        match &mut self.receive {
            Receive::Copying(ring) => ring.refill(buffers),
            Receive::Targeted(ring) => ring.refill(headers),
        };
    }

    /// Returns how many buffers the controller has for the guest's own frames.
    pub(super) fn posted(&self) -> usize {
        match &self.receive {
            Receive::Copying(ring) => ring.posted(),
            Receive::Targeted(ring) => ring.posted(),
        }
    }

    /// Gives the guest a copy of a frame.
    pub(super) fn copy(&mut self, guests: &Guests, frame: &[u8], tag: Option<u16>) {
        let Self { receive, interface, .. } = self;
        match receive {
            Receive::Copying(_) => interface.copy(guests, frame, tag),
            Receive::Targeted(ring) => interface.copy_to_held(ring, guests, frame, tag),
        }
    }

    /// Returns how many frames, of its own or flooded, can come before the guest must run; `posted` of
    /// its buffers are in the channel if it does not share.
    pub(super) fn room(&self, posted: usize) -> usize {
        self.posted().min(match &self.receive {
            Receive::Copying(_) => posted,
            Receive::Targeted(ring) => ring.held(),
        })
    }
}

impl Interface {
    /// Makes a posted buffer one that the ring holds; tells whether it is.
    fn hold(&self, ring: &mut TargetedRing<Host, Guests>, posted: &Posted) -> bool {
        let (id, range) = (posted.id(), posted.range());
        // A number that the guest has not got back.
        if self.shared.get(usize::from(id)).is_none_or(Option::is_some) {
            return false;
        }
        match ring.shared(id) {
            // The usual case: the same buffer again, mapped still.
            Some((same, ShareState::Delivered)) if same == range => ring.give_back(id).is_ok(),
            Some(_) => ring.unshare(id).is_ok() && ring.share(id, range).is_ok(),
            None => ring.share(id, range).is_ok(),
        }
    }

    /// Tells the guest that a shared buffer has a frame: transfer without a copy.
    pub(super) fn deliver_in_place(&mut self, id: u16, length: u16, tag: Option<u16>) {
        // What the ring has, the guest has posted.
        let posted = self.shared.get_mut(usize::from(id)).and_then(Option::take);
        let completed = posted.map(|posted| self.channel.receive().complete(posted, length.into(), tag));
        match completed {
            Some(Ok(())) => self.in_place += 1,
            _ => self.lose("channel_broken", 1),
        }
    }

    /// Copies a frame into the next buffer that the guest posted.
    pub(super) fn copy(&mut self, guests: &Guests, frame: &[u8], tag: Option<u16>) {
        if let Err(reason) = self.channel.deliver(guests, frame, tag) {
            self.lose(undelivered(reason), 1);
        }
    }

    /// Copies a frame into a shared buffer that was held back.
    fn copy_to_held(
        &mut self,
        ring: &mut TargetedRing<Host, Guests>,
        guests: &Guests,
        frame: &[u8],
        tag: Option<u16>,
    ) {
        if let Err(reason) = self.try_copy_to_held(ring, guests, frame, tag) {
            self.lose(undelivered(reason), 1);
        }
    }

    fn try_copy_to_held(
        &mut self,
        ring: &mut TargetedRing<Host, Guests>,
        guests: &Guests,
        frame: &[u8],
        tag: Option<u16>,
    ) -> Result<(), Undelivered> {
        if self.channel.is_corrupt() {
            return Err(Undelivered::Corrupt);
        }
        let (id, range) = ring.take_held().ok_or(Undelivered::NoBuffer)?;
        let posted = self.shared.get_mut(usize::from(id)).and_then(Option::take);
        let posted = posted.ok_or(Undelivered::NoBuffer)?;
        // The guest can have lost the memory since it shared it. (The length fits: the ring checked that
        // its buffers hold every frame.)
        if guests.write(self.channel.vm(), range.at, frame).is_err() {
            self.give_back(posted, Status::Refused);
            return Err(Undelivered::NotOwned);
        }
        let length = frame.len() as u32;
        self.channel.receive().complete(posted, length, tag).map_err(|_| Undelivered::Corrupt)
    }

    /// Gives a buffer back without a frame.
    pub(super) fn give_back(&mut self, posted: Posted, status: Status) {
        // It fails on a broken channel: then the guest can't get it.
        let _ = self.channel.receive().give_back(posted, status);
    }

    /// Counts lost frames, to the guest or from it.
    pub(super) fn lose(&mut self, reason: &'static str, frames: u64) {
        *self.lost.entry(reason).or_default() += frames;
    }

    /// Returns how many buffers, of either direction, were refused.
    pub(super) fn refused_buffers(&mut self) -> u64 {
        let refused = |counters: BackEndCounters| counters.refused + counters.malformed;
        refused(self.channel.receive().counters()) + refused(self.channel.transmit().counters())
    }
}

fn undelivered(reason: Undelivered) -> &'static str {
    match reason {
        Undelivered::NoBuffer => "no_buffer",
        Undelivered::BufferTooShort => "buffer_too_short",
        Undelivered::NotOwned => "buffer_not_owned",
        Undelivered::Malformed => "buffer_malformed",
        Undelivered::Corrupt => "channel_broken",
        _ => "undelivered",
    }
}

/// Names why a frame of a guest was not taken.
pub(super) fn refused(reason: TakeError) -> &'static str {
    match reason {
        TakeError::TooShort => "sent_too_short",
        TakeError::TooLong => "sent_too_long",
        TakeError::NotOwned => "sent_not_owned",
        TakeError::Malformed => "sent_malformed",
        TakeError::Corrupt => "channel_broken",
        _ => "sent_refused",
    }
}
