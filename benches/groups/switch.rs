//! A hypervisor around the virtual switch: its interfaces, and the hand-over of frames to them.

use std::sync::atomic::{AtomicU32, Ordering};

use vmdq_core::MacAddress;
use vmdq_core::switch::{Indicated, InterfaceId, Load, Origin, Physical, Switch, Verdict, Virtual};
use vmdq_hal::ring::Frame;

/// How many virtual interfaces there are, each with a queue of its own.
pub(crate) const PORTS: usize = 24;
/// How many addresses each of them has.
pub(crate) const ADDRESSES: usize = 4;
/// How many stations there are on the wire.
pub(crate) const STATIONS: usize = 1024;
/// Places for interfaces: a power of two, so that no index is out of bounds.
const PLACES: usize = 32;
/// Milliseconds: a run is over within one.
const NOW: u64 = 1000;

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

pub(crate) struct Hypervisor {
    switch: Switch<PLACES, 8192>,
    uplink: InterfaceId,
    /// The interfaces by queue.
    ports: [InterfaceId; PLACES],
    outlets: [Outlet; PLACES],
}

impl Hypervisor {
    /// Makes a hypervisor whose switch knows the addresses of virtual machines, and of no station.
    pub(crate) fn new() -> Box<Self> {
        let mut switch = Switch::new(0x5eed);
        let uplink = switch.bind_physical(&Physical::default()).expect("a place for the uplink");
        let mut ports = [uplink; PLACES];
        for (queue, port) in ports.iter_mut().enumerate().take(PORTS) {
            *port = switch.bind_virtual(&Virtual::default()).expect("a place for an interface");
            for number in 0..ADDRESSES {
                switch.bind_address(*port, address(queue, number)).expect("a place for an address");
            }
        }
        let none = Handed { _frames: std::ptr::null(), len: 0 };
        let outlet = || Outlet { ring: [none; 256], at: 0, frames: 0, doorbell: AtomicU32::new(0) };
        Box::new(Self { switch, uplink, ports, outlets: std::array::from_fn(|_| outlet()) })
    }

    /// Where frames are from that a filter sorted to a queue.
    #[inline(always)]
    pub(crate) fn sorted(&self, queue: u8) -> Origin {
        Origin::Matched { uplink: self.uplink, to: self.ports[usize::from(queue) % PLACES] }
    }

    /// Where frames are from that a filter sorted to a queue, and whose headers a guest can write.
    #[inline(always)]
    pub(crate) fn targeted(&self, queue: u8) -> Origin {
        Origin::Targeted { uplink: self.uplink, to: self.ports[usize::from(queue) % PLACES] }
    }

    /// Where frames are from of which nothing is known.
    #[inline(always)]
    pub(crate) fn unmatched(&self) -> Origin {
        Origin::Unmatched { uplink: self.uplink }
    }

    /// Has the switch decide by the header of the first frame, hands the frames over as one slice,
    /// and rings the bell of the interface.
    #[inline(always)]
    pub(crate) fn forward(&mut self, group: &Indicated, frames: &[Frame], header: &[u8]) {
        let load = Load { frames: frames.len() as u64, bytes: 0 };
        if let Verdict::To(to) = self.switch.forward(group, load, header, NOW).verdict {
            let outlet = &mut self.outlets[to.number() % PLACES];
            outlet.frames += frames.len();
            outlet.ring[usize::from(outlet.at)] = Handed { _frames: frames.as_ptr(), len: frames.len() };
            outlet.at = outlet.at.wrapping_add(1);
            outlet.doorbell.fetch_add(1, Ordering::Release);
        }
    }

    /// Returns how many frames each outlet got, and forgets it; checks it against what is in the rings as
    /// far as those remember.
    pub(crate) fn take_counts(&mut self) -> Vec<usize> {
        for outlet in &mut self.outlets {
            let rung = std::mem::take(outlet.doorbell.get_mut()) as usize;
            if rung <= outlet.ring.len() {
                let in_ring: usize = outlet.ring[..rung].iter().map(|handed| handed.len).sum();
                assert_eq!(in_ring, outlet.frames, "an outlet miscounts");
            }
            outlet.at = 0;
        }
        self.outlets.iter_mut().map(|outlet| std::mem::take(&mut outlet.frames)).collect()
    }
}

/// An address of the virtual machine behind a queue.
pub(crate) fn address(queue: usize, number: usize) -> MacAddress {
    MacAddress([2, 0x1b, 0x21, 0, number as u8, queue as u8])
}

/// The address of a station on the wire.
pub(crate) fn station(number: usize) -> MacAddress {
    let [low, high, ..] = (number * 40_503).to_le_bytes();
    MacAddress([2, 0x1b, 0x21, 1, high, low])
}
