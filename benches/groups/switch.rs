//! A hypervisor around the virtual switch: its interfaces, and the hand-over of frames to them.

use std::sync::atomic::{AtomicU32, Ordering};

use vmdq_core::MacAddress;
use vmdq_core::group::Group;
use vmdq_core::relay::{Outlet, relay, relay_group};
use vmdq_core::switch::{DropReason, InterfaceId, Origin, Physical, Switch, TagAction, Virtual};
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
struct Interface {
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
    interfaces: Interfaces,
}

/// The interfaces by number.
struct Interfaces([Interface; PLACES]);

impl Outlet<Frame> for Interfaces {
    #[inline(always)]
    fn copy(&mut self, to: InterfaceId, _tag: TagAction, group: &Group<'_, Frame>) {
        self.hand(to, group.frames);
    }

    #[inline(always)]
    fn dropped(&mut self, _reason: DropReason, _group: &mut Group<'_, Frame>) {}

    /// Nobody counts bytes.
    #[inline(always)]
    fn bytes(&self, _frames: &[Frame]) -> u64 {
        0
    }
}

impl Interfaces {
    /// Hands frames over as one slice, and rings the bell.
    #[inline(always)]
    fn hand(&mut self, to: InterfaceId, frames: &[Frame]) {
        let interface = &mut self.0[to.number() % PLACES];
        interface.frames += frames.len();
        interface.ring[usize::from(interface.at)] = Handed { _frames: frames.as_ptr(), len: frames.len() };
        interface.at = interface.at.wrapping_add(1);
        interface.doorbell.fetch_add(1, Ordering::Release);
    }
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
        let interface = || Interface { ring: [none; 256], at: 0, frames: 0, doorbell: AtomicU32::new(0) };
        let interfaces = Interfaces(std::array::from_fn(|_| interface()));
        Box::new(Self { switch, uplink, ports, interfaces })
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

    /// Has the switch decide on each group of these frames, by the header of its first.
    #[inline(always)]
    pub(crate) fn relay(&mut self, from: Origin, frames: &mut [Frame]) {
        relay(&mut self.switch, from, frames, NOW, &mut self.interfaces);
    }

    /// Has the switch decide on a group, by the header of its first frame.
    #[inline(always)]
    pub(crate) fn relay_group(&mut self, group: Group<'_, Frame>) {
        relay_group(&mut self.switch, group, NOW, &mut self.interfaces);
    }

    /// Returns how many frames each interface got, and forgets it; checks it against what is in the rings as
    /// far as those remember.
    pub(crate) fn take_counts(&mut self) -> Vec<usize> {
        for interface in &mut self.interfaces.0 {
            let rung = std::mem::take(interface.doorbell.get_mut()) as usize;
            if rung <= interface.ring.len() {
                let in_ring: usize = interface.ring[..rung].iter().map(|handed| handed.len).sum();
                assert_eq!(in_ring, interface.frames, "an interface miscounts");
            }
            interface.at = 0;
        }
        self.interfaces.0.iter_mut().map(|interface| std::mem::take(&mut interface.frames)).collect()
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
