//! The counters of a controller: each is read where the facts say it is, and added up, since a read clears it.

mod common;

use std::sync::{Arc, Mutex};

use common::{Concrete, Plan, Setup, SimMachine, ready};
use vmdq::Statistics;
use vmdq::bus::{Bus, Offset, PortId};
use vmdq::igb::{I82575, I82576};
use vmdq::ixgbe::I82598;
use vmdq_sim::{Sim, SimBus, Testbed};

/// A bus on which some registers read what a test says. Clones share it.
#[derive(Clone)]
struct Counting {
    inner: SimBus,
    told: Arc<Mutex<Vec<(u32, u32)>>>,
}

// SAFETY: it is the inner bus, but for what some reads return, which a device may lie about, too.
unsafe impl Bus for Counting {
    fn read32(&self, at: Offset) -> u32 {
        let told = self.told.lock().expect("nobody panics with it");
        let told = told.iter().find(|(register, _)| *register == at.bytes());
        told.map_or_else(|| self.inner.read32(at), |(_, value)| *value)
    }

    unsafe fn write32(&self, at: Offset, value: u32) {
        // SAFETY: the caller's promise.
        unsafe { self.inner.write32(at, value) };
    }

    fn id(&self) -> PortId {
        self.inner.id()
    }
}

/// Counts of the registers that are at one place on all models: sent, too long, too short, CRC errors, and
/// those whose meaning differs: good, broadcast and multicast frames received.
const COMMON: [(u32, u32); 7] =
    [(0x4080, 700), (0x40ac, 3), (0x40a4, 5), (0x4000, 7), (0x4074, 1000), (0x4078, 20), (0x407c, 50)];

fn counts<M: Concrete>(bed: Sim, more: &[(u32, u32)], wanted: Statistics) {
    let bus = Counting { inner: bed.bus(), told: Arc::default() };
    let port = ready::<M, _>(bed.platform_over(bus.clone()), &Plan::default().config);
    let mut setup = Setup::<M, SimMachine<Counting>, Sim>::stopped(bed, port, Plan::default());
    assert_eq!(setup.port.statistics(), Statistics::default());
    *bus.told.lock().expect("nobody panics with it") = COMMON.iter().chain(more).copied().collect();
    assert_eq!(setup.port.statistics(), wanted);
    // What was counted since comes on top.
    let twice = setup.port.statistics();
    assert_eq!((twice.received, twice.sent), (2 * wanted.received, 2 * wanted.sent));
    assert_eq!((twice.broadcast, twice.multicast), (2 * wanted.broadcast, 2 * wanted.multicast));
    assert_eq!((twice.too_long, twice.too_short), (2 * wanted.too_long, 2 * wanted.too_short));
    assert_eq!((twice.crc_errors, twice.missed), (2 * wanted.crc_errors, 2 * wanted.missed));
    assert_eq!(twice.no_descriptor, 2 * wanted.no_descriptor);
    // A device that went counts nothing.
    setup.bed.inject_fault(vmdq_sim::InjectedFault::AllOnes);
    assert_eq!(setup.port.statistics(), twice);
}

/// What a driver makes of the counts.
fn common_counts() -> Statistics {
    let mut counts = Statistics::default();
    (counts.sent, counts.too_long, counts.too_short, counts.crc_errors) = (700, 3, 5, 7);
    (counts.received, counts.broadcast, counts.multicast) = (1000, 20, 50);
    // In two registers, or in one of each queue.
    (counts.missed, counts.no_descriptor) = (11, 113);
    counts
}

#[test]
fn the_82575_counts() {
    let (missed, queue_0, queue_3) = ((0x4010, 11), (0x2830, 13), (0x2b30, 100));
    let wanted = common_counts();
    counts::<I82575>(Sim::i82575(), &[missed, queue_0, queue_3], wanted);
}

#[test]
fn the_82576_counts() {
    let (missed, queue_0, queue_7) = ((0x4010, 11), (0xc030, 13), (0xc1f0, 100));
    let wanted = common_counts();
    counts::<I82576>(Sim::i82576(), &[missed, queue_0, queue_7], wanted);
}

/// Its counter of good frames counts those that were missed, too, and that of multicasts the broadcasts.
#[test]
fn the_82598_counts() {
    let told = [(0x3fa0, 1), (0x3fbc, 10), (0x3fc0, 13), (0x3fdc, 100)];
    let mut wanted = common_counts();
    (wanted.received, wanted.multicast) = (1000 - 11, 50 - 20);
    counts::<I82598>(Sim::i82598(), &told, wanted);
}
