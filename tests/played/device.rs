//! A queue pair of a model whose device side is played here: the model never learns of its tails.

use std::ptr::NonNull;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use vmdq::bus::{Bus, Offset, PortId};
use vmdq::ring::RingMemory;
use vmdq_sim::{Sim, SimBus, Testbed};

/// Descriptors of each ring: the fewest.
pub(crate) const RING: u32 = 8;

const DD: u64 = 1;
const EOP: u64 = 1 << 1;
const SENT: u64 = 1 << 32;
const REPORT: u64 = 1 << 27;

#[derive(Default, Debug)]
struct Tails {
    withheld: AtomicBool,
    /// Offset and value, receive and transmit.
    at: [AtomicU32; 2],
    value: [AtomicU32; 2],
}

/// A bus that keeps the tails of one queue for itself.
#[derive(Clone, Debug)]
pub(crate) struct Withheld {
    inner: SimBus,
    tails: Arc<Tails>,
}

impl Withheld {
    pub(crate) fn new(inner: SimBus) -> Self {
        Self { inner, tails: Arc::default() }
    }

    /// Keeps the tails at these offsets from now on.
    pub(crate) fn withhold(&self, rx: Offset, tx: Offset) {
        for (tail, at) in self.tails.at.iter().zip([rx, tx]) {
            tail.store(at.bytes(), Ordering::Relaxed);
        }
        self.tails.withheld.store(true, Ordering::Relaxed);
    }

    fn tail(&self, which: usize) -> u32 {
        self.tails.value[which].load(Ordering::Relaxed)
    }
}

// SAFETY: it is the model's bus; a tail that it keeps hands over what the model never learns of.
unsafe impl Bus for Withheld {
    fn read32(&self, at: Offset) -> u32 {
        self.inner.read32(at)
    }

    unsafe fn write32(&self, at: Offset, value: u32) {
        let which = self.tails.at.iter().position(|tail| tail.load(Ordering::Relaxed) == at.bytes());
        match which {
            Some(which) if self.tails.withheld.load(Ordering::Relaxed) => {
                assert!(value < RING, "a tail outside the ring");
                self.tails.value[which].store(value, Ordering::Relaxed);
            }
            // SAFETY: the caller's promise.
            _ => unsafe { self.inner.write32(at, value) },
        }
    }

    fn id(&self) -> PortId {
        self.inner.id()
    }
}

/// The device's side of the two rings.
#[derive(Debug)]
pub(crate) struct Device {
    bus: Withheld,
    rx: NonNull<[u64; 2]>,
    tx: NonNull<[u64; 2]>,
    rx_head: u32,
    tx_head: u32,
}

/// Memory of a ring, and where the device finds it.
pub(crate) fn ring(bed: &Sim) -> (&'static mut RingMemory<8>, NonNull<[u64; 2]>) {
    let mut memory = NonNull::from(bed.place(RingMemory::<8>::new()));
    // SAFETY: just made; the descriptors, which come first, are reached by pointers alone on both sides.
    (unsafe { memory.as_mut() }, memory.cast())
}

impl Device {
    pub(crate) fn new(bus: Withheld, rx: NonNull<[u64; 2]>, tx: NonNull<[u64; 2]>) -> Self {
        Self { bus, rx, tx, rx_head: 0, tx_head: 0 }
    }

    fn word(ring: NonNull<[u64; 2]>, index: u32) -> NonNull<u64> {
        // SAFETY: inside the ring; the second word is the one that is written back.
        unsafe { ring.add((index % RING) as usize).cast::<u64>().add(1) }
    }

    fn write(ring: NonNull<[u64; 2]>, index: u32, word: u64) {
        // SAFETY: ring memory is never freed, and the driver reaches it by volatile accesses.
        unsafe { Self::word(ring, index).write_volatile(word) };
    }

    /// Writes any receive descriptor, announced or not.
    pub(crate) fn lie(&self, index: u32, word: u64) {
        Self::write(self.rx, index, word);
    }

    /// Reports any transmit descriptor as sent.
    pub(crate) fn lie_sent(&self, index: u32) {
        let at = Self::word(self.tx, index);
        // SAFETY: as for `write`.
        unsafe { at.write_volatile(at.read_volatile() | SENT) };
    }

    /// Receives at most `most` frames of this length, as a device should.
    pub(crate) fn receive(&mut self, frames: u32, len: u16) {
        for _ in 0..frames {
            if self.rx_head == self.bus.tail(0) {
                break;
            }
            Self::write(self.rx, self.rx_head, DD | EOP | u64::from(len) << 32);
            self.rx_head = (self.rx_head + 1) % RING;
        }
    }

    /// Sends at most `most` frames.
    pub(crate) fn send(&mut self, frames: u32) {
        for _ in 0..frames {
            if self.tx_head == self.bus.tail(1) {
                break;
            }
            let at = Self::word(self.tx, self.tx_head);
            // SAFETY: as for `write`.
            unsafe {
                let word = at.read_volatile();
                assert!((14..=1518).contains(&(word & 0xffff)), "a frame that the port can't send");
                if word & REPORT != 0 {
                    at.write_volatile(word | SENT);
                }
            }
            self.tx_head = (self.tx_head + 1) % RING;
        }
    }
}
