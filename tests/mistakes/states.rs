//! What else a diagnosis tells apart, and that it finds nothing where there is nothing.

use vmdq::bus::{Bus, Offset};
use vmdq::{Finding, OtherPort};
use vmdq_sim::{InjectedFault, Settled, Sim, Testbed};

use crate::common::{Concrete, tails};
use crate::driver::{Driver, RING};

/// Traffic both ways, several times around the rings.
pub(crate) fn a_pool_that_works<M: Concrete>(bed: Sim) {
    let platform = bed.platform();
    let mut driver = Driver::<M, _>::filled(bed, platform);
    driver.is_idle();
    for _ in 0..3 * RING {
        assert_eq!(driver.inject(1), Settled::Idle);
        driver.is_well();
        let frame = driver.guest.rx.receive_one(&mut driver.buffers).expect("a frame");
        driver.buffers.put(frame).expect("room in the pool");
        driver.send();
        driver.is_well();
        driver.guest.tx.reclaim(&mut driver.buffers);
        driver.is_well();
    }
    let statistics = driver.diagnose().statistics();
    assert_eq!((statistics.received, statistics.sent), (3 * RING as u64, 3 * RING as u64));
    assert_eq!(driver.bed.violations(), []);
}

pub(crate) fn no_link<M: Concrete>(bed: Sim) {
    let platform = bed.platform();
    let mut driver = Driver::<M, _>::filled(bed, platform);
    driver.bed.set_link(false);
    driver.send();
    driver.shows(Finding::LinkDown, "call `bring_link_up`");
}

/// The filter that led to the pool is gone.
pub(crate) fn no_filter<M: Concrete>(bed: Sim) {
    let platform = bed.platform();
    let mut driver = Driver::<M, _>::filled(bed, platform);
    let id = driver.table.bindings().next().expect("a filter").id;
    let _slot = driver.table.unbind(id).expect("it was bound");
    driver.shows(Finding::NoFilter, "bind an address");
}

/// Somebody else resets the controller, and brings the link up.
pub(crate) fn a_reset_from_outside<M: Concrete>(bed: Sim) {
    const CTRL: Offset = Offset::new(0);
    let platform = bed.platform();
    let mut driver = Driver::<M, _>::filled(bed, platform);
    let control = driver.bed.bus().read32(CTRL);
    // SAFETY: a reset gives the controller no memory.
    unsafe { driver.bed.bus().write32(CTRL, control | 1 << 26) };
    let _ = driver.bed.settle();
    assert!(driver.port.bring_link_up(5000).is_up());
    driver.shows(Finding::RingsOff, "quiesce the port, reset it");
}

/// Somebody else turns one of the two rings off: the other one runs on.
pub(crate) fn one_ring_that_is_off<M: Concrete>(bed: Sim) {
    let platform = bed.platform();
    let mut driver = Driver::<M, _>::filled(bed, platform);
    let (rx, tx) = tails::<M>(1);
    for tail in [rx, tx] {
        let bus = driver.bed.bus();
        // RXDCTL and TXDCTL are 16 bytes behind the tail.
        let control = Offset::new(tail.bytes() + 0x10);
        let enabled = bus.read32(control);
        // SAFETY: a ring that is off uses no memory.
        unsafe { bus.write32(control, enabled & !(1 << 25)) };
        let _ = driver.bed.settle();
        assert!(driver.diagnose().has(Finding::RingsOff));
        // SAFETY: as before.
        unsafe { bus.write32(control, enabled) };
        let _ = driver.bed.settle();
        assert!(!driver.diagnose().has(Finding::RingsOff));
    }
}

pub(crate) fn a_device_that_is_gone<M: Concrete>(bed: Sim) {
    let platform = bed.platform();
    let mut driver = Driver::<M, _>::filled(bed, platform);
    driver.bed.inject_fault(InjectedFault::AllOnes);
    driver.shows(Finding::Gone, "drop the port");
}

/// Rings of another port say nothing of this one.
pub(crate) fn rings_of_another_port<M: Concrete>(bed: Sim) {
    let another = Sim::new(bed.kind());
    let (here, there) = (bed.platform(), another.platform());
    let mut one = Driver::<M, _>::filled(bed, here);
    let two = Driver::<M, _>::filled(another, there);
    let (pool, rx, tx, table) = (&two.guest.pool, &two.guest.rx, &two.guest.tx, &two.table);
    assert_eq!(one.port.diagnose(pool, rx, tx, table), Err(OtherPort));
    let (own_pool, own_table) = (&one.guest.pool, &one.table);
    assert_eq!(one.port.diagnose(own_pool, rx, &one.guest.tx, own_table), Err(OtherPort));
    assert_eq!(one.port.diagnose(own_pool, &one.guest.rx, tx, own_table), Err(OtherPort));
    assert_eq!(one.port.diagnose(own_pool, &one.guest.rx, &one.guest.tx, table), Err(OtherPort));
}

/// Counters clear when they are read: whoever reads them adds to the same sums.
pub(crate) fn counters_that_are_read_twice<M: Concrete>(bed: Sim) {
    let platform = bed.platform();
    let mut driver = Driver::<M, _>::filled(bed, platform);
    for round in 1..=3 {
        assert_eq!(driver.inject(5), Settled::Idle);
        assert_eq!(driver.diagnose().statistics().received, 10 * round - 5);
        assert_eq!(driver.inject(5), Settled::Idle);
        assert_eq!(driver.port.statistics().received, 10 * round);
        assert_eq!(driver.diagnose().statistics().received, 10 * round);
    }
}
