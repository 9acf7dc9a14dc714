//! QEMU's `igb`: what the mistakes look like on a device that nobody here has written.

use vmdq::dma::Shifted;
use vmdq::igb::I82576;
use vmdq::{Finding, Host, Platform};
use vmdq_sim::{Qemu, Testbed};

use crate::common;
use crate::driver::Driver;

/// The controller's function: device 4 of bus 0.
const NIC: u16 = 4 << 3;
/// Offset of the command register, and its bus master enable.
const COMMAND: u8 = 0x04;
const BUS_MASTER: u32 = 1 << 2;

fn start<P: Platform>(platform: impl FnOnce(&Qemu) -> P) -> Option<Driver<I82576, P, Qemu>> {
    let qemu = common::qemu("mistakes on QEMU")?;
    let platform = platform(&qemu);
    Some(Driver::filled(qemu, platform))
}

#[test]
fn traffic_without_a_mistake() {
    let Some(mut driver) = start(|qemu| qemu.platform()) else { return };
    driver.is_idle();
    let _ = driver.inject(3);
    driver.send();
    assert!(driver.guest.rx.is_ready());
    driver.is_well();
}

#[test]
fn bus_master_off() {
    let Some(mut driver) = start(|qemu| qemu.platform()) else { return };
    let command = driver.bed.config_read(NIC, COMMAND) & 0xffff;
    driver.bed.config_write(NIC, COMMAND, command & !BUS_MASTER);
    let _ = driver.inject(3);
    driver.send();
    // Its receiver waits, so that nothing is counted; its transmitter goes on and reaches nothing.
    let found = driver.diagnose();
    assert!(found.findings().eq([Finding::NothingCounted, Finding::ReportedElsewhere]), "{found}");
    assert!(found.findings().all(|finding| finding.to_string().contains("check bus master enable")));
}

#[test]
fn dma_addresses_with_an_offset() {
    let shifted = |qemu: &Qemu| {
        // SAFETY: it is not the map of the controller, which is the mistake: QEMU confines it to its memory.
        let dma = unsafe { Shifted::new(0x8000_0000) };
        // SAFETY: as above.
        unsafe { Host::new(qemu.bus(), dma, qemu.delay()) }
    };
    let Some(mut driver) = start(shifted) else { return };
    let _ = driver.inject(3);
    driver.send();
    let found = driver.diagnose();
    assert!(found.findings().eq([Finding::ReceivedElsewhere, Finding::ReportedElsewhere]), "{found}");
}
