//! The 82575: first generation, a filter names one queue.

use vmdq_hal::bus::Bus;
use vmdq_hal::{Accept, Config};

use super::{Model, accepted, add_auto, hardware_limit};
use crate::regs::{I82575, MRQC, RCTL, Regs};

/// Receive packet buffer of the 82575 in KB; the rest of its memory is for transmission.
const RX_PACKET_BUFFER_82575: u32 = 34;

impl Model for I82575 {
    type PerQueue<T> = [T; 4];
    type PerFilter<T> = [T; 15];
    type PerVector<T> = [T; 10];
    const NAME: &'static str = "82575";
    const TAIL_FOLLOWS: bool = false;

    fn destination(queue: u8) -> u32 {
        Self::RAH_QSEL.val(queue.into()).value
    }

    fn before_reset<B: Bus>(bus: &B) {
        // Takes effect with the reset that follows.
        Self::PBA.on(bus).set(RX_PACKET_BUFFER_82575);
    }

    fn init<B: Bus>(_: &B) {}

    // VT_CTL is left alone: its layout on the 82575 is not documented, and out of reset the default
    // queue is queue 0.
    fn enable<B: Bus>(bus: &B, config: &Config, _: u8) {
        // The port's own address leads to the default queue, whoever had the device before.
        Self::RAH.at(0).on(bus).modify(Self::RAH_QSEL.val(0));
        Self::RLPML.on(bus).set(hardware_limit(config));
        Self::MRQC.on(bus).write(MRQC::MRQE::VMDQ);
    }

    fn accept<B: Bus>(_: &B, config: &Config) -> u32 {
        // The default queue gets what no filter matches; nothing else is to be set.
        let multicast = if config.accept.contains(Accept::MULTICAST) { RCTL::MPE::SET.value } else { 0 };
        accepted(config.accept) | multicast
    }

    fn enable_msix<B: Bus>(bus: &B) {
        Self::CTRL_EXT.on(bus).modify(
            Self::CTRL_EXT_NSICR.val(1) + Self::CTRL_EXT_EIAME.val(1) + Self::CTRL_EXT_PBA_CLR.val(1),
        );
    }

    fn route_queue<B: Bus>(bus: &B, vector: u8, queue: u8) {
        let causes = queue_causes(queue);
        for other in 0..Self::MSIXBM.len() {
            let routed = Self::MSIXBM.at(other).on(bus);
            let before = routed.get();
            let after = if other == usize::from(vector) { before | causes } else { before & !causes };
            if after != before {
                routed.set(after);
            }
        }
        add_auto::<Self, B>(bus, causes);
    }

    fn route_others<B: Bus>(bus: &B, vector: u8) {
        let routed = Self::MSIXBM.at(vector.into()).on(bus);
        routed.set(routed.get() | OTHER_CAUSES);
        add_auto::<Self, B>(bus, OTHER_CAUSES);
    }

    const DROP_EN: bool = true;

    fn default_queue<B: Bus>(_: &B) -> u8 {
        0
    }

    fn vector_mask<B: Bus>(bus: &B, vector: u8) -> u32 {
        // Mask bits are cause bits here: those that are routed to the vector now.
        Self::MSIXBM.at(vector.into()).on(bus).get()
    }
}

/// Causes of a queue in the 82575's EICR: receive and transmit.
const fn queue_causes(queue: u8) -> u32 {
    0x101 << queue
}
/// The cause in the 82575's EICR that stands for those in ICR.
const OTHER_CAUSES: u32 = 1 << 31;
