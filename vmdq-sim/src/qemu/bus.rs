//! Handles to a virtual machine: its controller's registers and its time.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use embedded_hal::delay::DelayNs;
use vmdq_hal::bus::{Bus, Offset, PortId};

use super::machine::Machine;

/// A virtual machine that several handles share.
#[derive(Clone, Debug)]
pub(super) struct Shared(Arc<Mutex<Machine>>);

impl Shared {
    pub(super) fn new(machine: Machine) -> Self {
        Self(Arc::new(Mutex::new(machine)))
    }

    /// Waits for the machine. A panic elsewhere does not spoil it: each access stands alone.
    pub(super) fn lock(&self) -> MutexGuard<'_, Machine> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The registers of the virtual machine's controller.
///
/// Once QEMU is gone, registers read all ones and writes are lost, as with a device that was pulled
/// out; [`Qemu::failure`](super::Qemu::failure) says why.
#[derive(Clone, Debug)]
pub struct QemuBus(pub(super) Shared);

// SAFETY: the address of what all handles share names the controller, and stays where it is; accesses
// are done one after the other.
unsafe impl Bus for QemuBus {
    fn read32(&self, at: Offset) -> u32 {
        self.0.lock().read(at.bytes())
    }

    unsafe fn write32(&self, at: Offset, value: u32) {
        self.0.lock().write(at.bytes(), value);
    }

    fn id(&self) -> PortId {
        PortId(Arc::as_ptr(&self.0.0).addr())
    }
}

/// Lets the virtual machine's time pass: at once where QEMU's time can be stepped, else by sleeping.
#[derive(Clone, Debug)]
pub struct QemuDelay(pub(super) Shared);

impl DelayNs for QemuDelay {
    fn delay_ns(&mut self, nanoseconds: u32) {
        self.0.lock().pass(nanoseconds.into());
    }

    fn delay_us(&mut self, microseconds: u32) {
        self.0.lock().pass(u64::from(microseconds) * 1_000);
    }

    fn delay_ms(&mut self, milliseconds: u32) {
        self.0.lock().pass(u64::from(milliseconds) * 1_000_000);
    }
}
