//! PCIe master disable: stops all DMA.
//!
//! CTRL.GIO_MASTER_DISABLE keeps the device from starting PCIe requests; STATUS.GIO_MASTER_ENABLE clears
//! when none is outstanding. Only a reset starts requests again. Before a reset it keeps a request from
//! being interrupted, which hangs some machines; after a fault it proves that memory can be taken back. The
//! device may wait up to the completion time-out of PCIe, so the bound is 80 ms.

use super::regs::{CTRL, STATUS, SharedRegs};
use crate::fault::Fault;
use crate::platform::Platform;
use crate::reg::io::Io;
use crate::reg::{Reg, Ro, Rw};

/// How often STATUS is polled.
const TRIES: u32 = 800;
/// Time between two polls, in microseconds.
const BETWEEN: u32 = 100;

/// The registers of the master disable.
#[derive(Clone, Copy)]
pub struct Master {
    control: Reg<(), Rw>,
    status: Reg<(), Ro>,
}

impl Master {
    /// Names the registers on a device.
    #[inline(always)]
    #[must_use]
    pub fn of<R: SharedRegs>() -> Self {
        Self { control: R::CTRL, status: R::STATUS }
    }

    /// Keeps the device from starting requests, and waits until none is outstanding, 80 ms at most.
    ///
    /// # Errors
    ///
    /// [`Fault`] if the device is gone, did not take the request, or its requests did not end.
    pub fn stop<P: Platform>(self, io: Io<'_, P>) -> Result<(), Fault> {
        self.control.on(io).modify(CTRL::GIO_MASTER_DISABLE.val(1));
        // STATUS is proof only if the device took the request, and answered all the while: where no device
        // decodes, all reads are 0.
        let see_request = || io.until(self.control, 0, 0, |value| CTRL::GIO_MASTER_DISABLE.is_set(value));
        see_request()?;
        io.until(self.status, TRIES, BETWEEN, |value| !STATUS::GIO_MASTER_ENABLE.is_set(value))?;
        see_request().map(|_| ())
    }

    /// Returns whether the device is gone: STATUS is never all ones.
    pub fn is_gone<P: Platform>(self, io: Io<'_, P>) -> bool {
        self.status.on(io).get() == u32::MAX
    }

    /// Waits until earlier writes have reached the device: a read can't overtake them.
    pub fn flush<P: Platform>(self, io: Io<'_, P>) {
        let _ = self.status.on(io).get();
    }
}
