//! The other end of the wire, where a station has a stack of its own.

use std::collections::VecDeque;

use smoltcp::phy::{self, Device, DeviceCapabilities, Medium};
use smoltcp::time::Instant;
use vmdq_sim::{Sim, Testbed};
use vmdq_smoltcp::smoltcp;

/// The shortest frame on a wire, without FCS.
const SHORTEST: usize = 60;

/// A network card at the other end of the wire, with memory for any number of frames.
pub struct Wire {
    received: VecDeque<Vec<u8>>,
    sent: VecDeque<Vec<u8>>,
    /// How many frames it puts onto the wire in one step.
    rate: usize,
    /// Frames from the controller that were not for a group.
    pub unicast: usize,
}

impl Wire {
    /// Makes a card that puts so many frames onto the wire in one step.
    pub const fn new(rate: usize) -> Self {
        Self { received: VecDeque::new(), sent: VecDeque::new(), rate, unicast: 0 }
    }

    /// Carries frames both ways until the controller has nothing left to do.
    pub fn carry(&mut self, sim: &mut Sim) {
        for mut frame in self.sent.drain(..self.rate.min(self.sent.len())) {
            frame.resize(frame.len().max(SHORTEST), 0);
            sim.inject(&frame);
        }
        let _ = sim.settle();
        for frame in sim.take_sent() {
            self.unicast += usize::from(frame.bytes[0] & 1 == 0);
            self.received.push_back(frame.bytes);
        }
    }
}

impl Device for Wire {
    type RxToken<'d> = Received;
    type TxToken<'d> = ToSend<'d>;

    fn receive(&mut self, _: Instant) -> Option<(Received, ToSend<'_>)> {
        Some((Received(self.received.pop_front()?), ToSend(&mut self.sent)))
    }

    fn transmit(&mut self, _: Instant) -> Option<ToSend<'_>> {
        Some(ToSend(&mut self.sent))
    }

    fn capabilities(&self) -> DeviceCapabilities {
        let mut all = DeviceCapabilities::default();
        (all.medium, all.max_transmission_unit) = (Medium::Ethernet, 1514);
        all
    }
}

/// A frame that the controller has sent.
pub struct Received(Vec<u8>);

impl phy::RxToken for Received {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, read: F) -> R {
        read(&self.0)
    }
}

/// The permission to send a frame to the controller.
pub struct ToSend<'w>(&'w mut VecDeque<Vec<u8>>);

impl phy::TxToken for ToSend<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, len: usize, write: F) -> R {
        let mut frame = vec![0; len];
        let result = write(&mut frame);
        self.0.push_back(frame);
        result
    }
}
