//! A stand-in for a virtual switch: decides where frames go, and hands them over.

use std::sync::atomic::{AtomicU32, Ordering};

use vmdq_core::MacAddress;
use vmdq_core::classify::{ExactTable, Key};
use vmdq_core::ring::Frame;

/// How many interfaces the switch has.
pub(crate) const PORTS: usize = 24;
/// How many addresses it knows.
pub(crate) const STATIONS: usize = 1024;
/// The interface of addresses that it does not know: all.
const FLOOD: u8 = PORTS as u8;
/// Places for interfaces and `FLOOD`: a power of two, so that no index is out of bounds.
const PLACES: usize = 32;

/// What was decided of a header.
pub(crate) struct Verdict {
    /// The interface, or `FLOOD`.
    to: u8,
    /// The interface that the source is known at, or `FLOOD`.
    from: u8,
}

/// Frames that were handed to an interface: where, and how many.
#[derive(Clone, Copy)]
struct Handed {
    _frames: *const Frame,
    len: usize,
}

/// An interface: the frames that wait for its virtual machine, and its doorbell.
struct Outlet {
    ring: [Handed; 256],
    at: u8,
    frames: usize,
    doorbell: AtomicU32,
}

pub(crate) struct Switch {
    stations: ExactTable<u8, STATIONS>,
    outlets: [Outlet; PLACES],
    /// Frames by the interface of their source.
    seen: [usize; PLACES],
}

impl Switch {
    /// Makes a switch that knows all stations.
    pub(crate) fn new() -> Self {
        let mut stations = ExactTable::new(FLOOD);
        for station in 0..STATIONS {
            let key = Key::new(address(station), None);
            stations.insert(key, (station % PORTS) as u8).expect("a table that has room");
        }
        let none = Handed { _frames: std::ptr::null(), len: 0 };
        let outlet = || Outlet { ring: [none; 256], at: 0, frames: 0, doorbell: AtomicU32::new(0) };
        Self { stations, outlets: std::array::from_fn(|_| outlet()), seen: [0; PLACES] }
    }

    /// Decides by the header of one frame: destination and source are looked up.
    #[inline(always)]
    pub(crate) fn decide(&self, header: &[u8; 14], tag: Option<u16>) -> Verdict {
        let to = self.stations.find(Key::destination(header, tag));
        let from = self.stations.find(Key::source(header, tag));
        Verdict { to, from }
    }

    /// Hands frames over as one slice, counts them, and rings the bell of the interface.
    #[inline(always)]
    pub(crate) fn hand_over(&mut self, frames: &[Frame], verdict: Verdict) {
        let Verdict { to, from } = verdict;
        self.seen[usize::from(from) % PLACES] += frames.len();
        let outlet = &mut self.outlets[usize::from(to) % PLACES];
        outlet.frames += frames.len();
        outlet.ring[usize::from(outlet.at)] = Handed { _frames: frames.as_ptr(), len: frames.len() };
        outlet.at = outlet.at.wrapping_add(1);
        outlet.doorbell.fetch_add(1, Ordering::Release);
    }

    /// Returns the counts of frames by outlet and by source, and forgets them; checks them against
    /// what is in the rings as far as those remember.
    pub(crate) fn take_counts(&mut self) -> Vec<usize> {
        for outlet in &mut self.outlets {
            let rung = std::mem::take(outlet.doorbell.get_mut()) as usize;
            if rung <= outlet.ring.len() {
                let in_ring: usize = outlet.ring[..rung].iter().map(|handed| handed.len).sum();
                assert_eq!(in_ring, outlet.frames, "an outlet miscounts");
            }
            outlet.at = 0;
        }
        let outlets = self.outlets.iter_mut().map(|outlet| std::mem::take(&mut outlet.frames));
        outlets.chain(self.seen.iter_mut().map(std::mem::take)).collect()
    }
}

/// The address of a station.
pub(crate) fn address(station: usize) -> MacAddress {
    let [low, high, ..] = (station * 40_503).to_le_bytes();
    MacAddress([2, 0x1b, 0x21, 0, high, low])
}
