//! What is measured: something that forwards the frames of receive ring 0 through transmit ring 0.

use vmdq_bench::Nic;

/// How a frame's buffer goes from the receive ring to the transmit ring.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Path {
    /// Through an array: receive a burst, send a burst, buffers from a pool.
    Burst,
    /// From slot to slot: the buffers of both rings change places.
    Exchange,
    /// Not at all: the descriptor that received it sends it.
    InPlace,
    /// Not at all: an answer is written into another buffer, one frame at a time, as a TCP/IP stack does.
    Answer,
}

impl Path {
    /// Its name in the table.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Burst => "burst",
            Self::Exchange => "exchange",
            Self::InPlace => "in_place",
            Self::Answer => "answer",
        }
    }

    /// The name of the subject that the others of its path are compared with.
    pub(crate) const fn base(self) -> &'static str {
        match self {
            Self::Burst | Self::Exchange | Self::InPlace => "limit",
            Self::Answer => "rings",
        }
    }
}

/// A forwarder on a device of its own.
pub(crate) struct Subject {
    /// Its name in the table; that of [`Path::base`] is what the others of its path are compared with.
    pub(crate) name: &'static str,
    /// The device whose registers it drives.
    pub(crate) device: &'static str,
    /// How it forwards.
    pub(crate) path: Path,
    /// The device.
    pub(crate) nic: Nic,
    /// Receives, touches, sends and reclaims one burst of at most `most` frames.
    pub(crate) burst: Box<dyn FnMut(usize)>,
}

/// Touches a frame as a forwarder does: reads and writes its header.
#[inline(always)]
pub(crate) fn touch(header: &mut [u8]) {
    if let Some(byte) = header.get_mut(3) {
        *byte = byte.wrapping_add(1);
    }
}
