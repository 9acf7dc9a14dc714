//! The controller is given addresses that lead elsewhere.

use vmdq::dma::{DmaSpace, Identity, Shifted};
use vmdq::{Finding, Host, Platform};
use vmdq_sim::{Rule, Settled, Sim, Testbed};

use crate::common::Concrete;
use crate::driver::Driver;

/// A driver with another map of memory than that of its controller.
fn with_map<M: Concrete, D: DmaSpace>(bed: Sim, dma: D) -> Driver<M, impl Platform> {
    // SAFETY: it is not the map of the controller, which is the mistake: the model stands between it and memory.
    let platform = unsafe { Host::new(bed.bus(), dma, bed.delay()) };
    Driver::filled(bed, platform)
}

/// What the user sees, whatever the wrong map is.
fn shows<M: Concrete>(driver: &mut Driver<M, impl Platform>) {
    driver.is_idle();
    assert_eq!(driver.inject(3), Settled::Idle);
    driver.shows(Finding::ReceivedElsewhere, "the bus addresses of the `DmaSpace`");
    assert!(!driver.guest.rx.is_ready(), "nothing has arrived");
    driver.send();
    let found = driver.diagnose();
    assert!(found.findings().eq([Finding::ReceivedElsewhere, Finding::ReportedElsewhere]), "{found}");
    assert!(Finding::ReportedElsewhere.to_string().contains("the bus addresses of the `DmaSpace`"));
    assert_eq!(driver.bed.take_sent().len(), 0);
    // The model names each access, as an IOMMU's log would.
    let violations = driver.bed.violations();
    assert!(!violations.is_empty());
    assert!(violations.iter().all(|violation| violation.rule == Rule::DmaOutsideGrant), "{violations:?}");
}

/// Bus addresses are pointers and an offset here, and the offset is another one.
pub(crate) fn dma_addresses_with_an_offset<M: Concrete>(bed: Sim) {
    // SAFETY: as in `with_map`.
    let dma = unsafe { Shifted::new(0x8000_0000) };
    shows(&mut with_map::<M, _>(bed, dma));
}

/// An IOMMU translates, and the program takes pointers for bus addresses.
pub(crate) fn dma_addresses_of_another_machine<M: Concrete>(bed: Sim) {
    // SAFETY: as in `with_map`.
    let dma = unsafe { Identity::new() };
    shows(&mut with_map::<M, _>(bed, dma));
}
