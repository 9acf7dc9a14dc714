//! What is measured: something that forwards the frames of receive ring 0 through transmit ring 0.

use crate::nic::Nic;

/// A forwarder on a device of its own.
pub(crate) struct Subject {
    /// Its name in the table.
    pub(crate) name: &'static str,
    /// The device whose registers it drives.
    pub(crate) device: &'static str,
    /// The device.
    pub(crate) nic: Nic,
    /// Receives, touches, sends and reclaims one burst of at most so many frames.
    pub(crate) burst: Box<dyn FnMut(usize)>,
}

/// Touches a frame as a forwarder does: reads and writes its header.
#[inline(always)]
pub(crate) fn touch(header: &mut [u8]) {
    if let Some(byte) = header.get_mut(3) {
        *byte = byte.wrapping_add(1);
    }
}
