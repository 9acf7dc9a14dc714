//! What all ways have in common: a port in memory, a switch with one virtual machine, its channel.

use std::sync::atomic::AtomicU32;

use igb_hal::I82576;
use vmdq_bench::{Machine, pages};
use vmdq_core::channel::{BackEnd, VirtualDriver, VirtualInterface, words};
use vmdq_core::relay::{Outlet, Received, relay};
use vmdq_core::switch::{InterfaceId, Origin, Physical, Switch, Virtual};
use vmdq_hal::dma::Identity;
use vmdq_hal::vmm::VmId;
use vmdq_hal::{Config, FrameLimit, Idle, Pool, Port, Resources, Vmdq};

use crate::frame::GUEST;
use crate::guest::{BUFFERS, Guest};
use crate::nic::Nic;

/// Descriptors of a ring.
pub(crate) const RING: usize = 256;
/// The virtual machine.
pub(crate) const VM: VmId = VmId(1);
/// Milliseconds: what is measured is over within one.
const NOW: u64 = 1000;

/// The device's map of memory: addresses are pointers.
pub(crate) fn dma() -> Identity {
    // SAFETY: the device in memory uses pointers.
    unsafe { Identity::new() }
}

/// A port of the device in memory.
pub(crate) type Ported = Port<I82576, Machine, Vmdq>;

/// A device, its port and its pool 0.
pub(crate) fn pool() -> (Nic, Ported, Pool<I82576, Machine, Idle>) {
    let nic = Nic::new();
    // SAFETY: the device in memory keeps to what it is given.
    let port = unsafe { Port::new(I82576, nic.registers().machine()) };
    let port = port.init(&Config::DEFAULT).expect("a port in memory");
    let Resources { port, pools: [pool, ..], .. } = port.enable();
    (nic, port, pool)
}

/// Both ends of a virtual machine's channel.
pub(crate) fn channel() -> (VirtualInterface<'static>, Guest) {
    let words = || -> &'static [AtomicU32] {
        let at = pages(words(BUFFERS as u32) * 4).cast::<AtomicU32>();
        // SAFETY: fresh memory of the size, zeroed, never freed.
        unsafe { std::slice::from_raw_parts(at.as_ptr(), words(BUFFERS as u32)) }
    };
    let (receive, transmit) = (words(), words());
    let back_end = |words| BackEnd::new(words, BUFFERS as u32).expect("enough words");
    let limit = FrameLimit::new(1518, 9728).expect("a limit");
    let interface = VirtualInterface::new(VM, back_end(receive), back_end(transmit), limit);
    (interface, Guest::new(VirtualDriver::new(receive, transmit).expect("rings that were laid out")))
}

/// The virtual switch with one virtual machine.
pub(crate) struct Network {
    switch: Box<Switch<8, 512>>,
    uplink: InterfaceId,
    guest: InterfaceId,
}

impl Network {
    pub(crate) fn new() -> Self {
        let mut switch = Box::new(Switch::new(0x5eed));
        let uplink = switch.bind_physical(&Physical::default()).expect("a place");
        let guest = switch.bind_virtual(&Virtual::default()).expect("a place");
        switch.bind_address(guest, GUEST).expect("a place");
        Self { switch, uplink, guest }
    }

    /// Decides on what came from the virtual machine's queue, and delivers it.
    #[inline(always)]
    pub(crate) fn relay<F: Received>(&mut self, frames: &mut [F], outlet: &mut impl Outlet<F>) {
        let from = Origin::Matched { uplink: self.uplink, to: self.guest };
        relay(&mut self.switch, from, frames, NOW, outlet);
    }
}
