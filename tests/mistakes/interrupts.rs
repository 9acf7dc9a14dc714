//! The vector of a pool stays masked.

use vmdq::Finding;
use vmdq_sim::{Settled, Sim, Testbed};

use crate::common::Concrete;
use crate::driver::Driver;

/// A vector is routed and never unmasked: no interrupt ever comes.
pub(crate) fn no_unmask<M: Concrete>(bed: Sim) {
    let platform = bed.platform();
    let mut driver = Driver::<M, _>::filled(bed, platform);
    assert_eq!(driver.inject(1), Settled::Idle);
    driver.is_well();
    driver.port.route(&mut driver.vector, &driver.guest.pool).expect("both are the port's");
    assert_eq!(driver.inject(1), Settled::Idle);
    assert_eq!(driver.bed.take_interrupts(), []);
    driver.shows(Finding::VectorMasked, "`unmask` it after each interrupt");
    // The cause has waited.
    driver.vector.unmask();
    assert_eq!(driver.bed.take_interrupts(), [1]);
}

/// A message is a write of the controller, too: without bus mastering none is sent.
pub(crate) fn bus_master_off<M: Concrete>(bed: Sim) {
    for (bus_master, expected) in [(true, &[1_u16][..]), (false, &[])] {
        let bed = Sim::new(bed.kind());
        let platform = bed.platform();
        let mut driver = Driver::<M, _>::filled(bed, platform);
        driver.port.route_others(&mut driver.vector).expect("it is the port's");
        driver.vector.unmask();
        // What has happened so far interrupts, and masks the vector again.
        let _ = (driver.port.causes(), driver.bed.take_interrupts());
        driver.vector.unmask();
        driver.bed.set_bus_master(bus_master);
        driver.bed.set_link(false);
        assert_eq!(driver.bed.take_interrupts(), expected);
    }
}

/// The controller masks a vector that has fired: of all frames, the first interrupts alone.
pub(crate) fn no_unmask_after_an_interrupt<M: Concrete>(bed: Sim) {
    let platform = bed.platform();
    let mut driver = Driver::<M, _>::filled(bed, platform);
    driver.port.route(&mut driver.vector, &driver.guest.pool).expect("both are the port's");
    driver.vector.unmask();
    driver.is_idle();
    assert_eq!(driver.inject(1), Settled::Idle);
    assert_eq!(driver.bed.take_interrupts(), [1]);
    // The handler takes the frame and forgets the rest.
    let frame = driver.guest.rx.receive_one(&mut driver.buffers).expect("a frame");
    driver.buffers.put(frame).expect("room in the pool");
    driver.is_well();
    assert_eq!(driver.inject(1), Settled::Idle);
    assert_eq!(driver.bed.take_interrupts(), []);
    driver.shows(Finding::VectorMasked, "look at the ring again");
    driver.vector.unmask();
    assert_eq!(driver.bed.take_interrupts(), [1]);
}
