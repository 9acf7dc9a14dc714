//! Traffic for one address, and what its machine heard of it.

use vmdq::MacAddress;
use vmdq_core::switch::InterfaceId;

use crate::common::{frame, number};

/// Frames for one address of one interface, numbered from 0.
pub(crate) struct Flow {
    pub(crate) interface: InterfaceId,
    pub(crate) address: MacAddress,
    sent: u32,
    heard: Vec<u32>,
    /// Frames that came from the interface's own queue, as matched.
    pub(crate) matched: u32,
    /// Frames on which the switch decided by its table.
    pub(crate) looked_up: u32,
    /// Frames that were sorted before a filter moved and written after the old queue was drained.
    late: Vec<u32>,
}

impl Flow {
    pub(crate) const fn new(interface: InterfaceId, address: MacAddress) -> Self {
        Self { interface, address, sent: 0, heard: Vec::new(), matched: 0, looked_up: 0, late: Vec::new() }
    }

    /// Makes the next frame.
    pub(crate) fn send(&mut self) -> Vec<u8> {
        self.sent += 1;
        frame(self.address, self.sent - 1, 60)
    }

    /// Makes the next frame, which may come out of turn.
    pub(crate) fn send_late(&mut self) -> Vec<u8> {
        self.late.push(self.sent);
        self.send()
    }

    /// Takes a frame that was delivered to an interface.
    pub(crate) fn hear(&mut self, to: InterfaceId, bytes: &[u8], matched: bool) {
        assert_eq!(to, self.interface, "a frame for {} went to another machine", self.address);
        let number = number(bytes);
        assert_eq!(bytes, frame(self.address, number, 60));
        self.heard.push(number);
        *if matched { &mut self.matched } else { &mut self.looked_up } += 1;
    }

    /// Sees that each frame was heard exactly once, and in order but for late ones; tells how many
    /// came out of turn.
    pub(crate) fn check(&self) -> usize {
        let mut newest = None;
        let mut out_of_turn = 0;
        for number in &self.heard {
            if newest > Some(number) {
                assert!(self.late.contains(number), "{}: {number} after {newest:?}", self.address);
                out_of_turn += 1;
            }
            newest = newest.max(Some(number));
        }
        let mut all = self.heard.clone();
        all.sort_unstable();
        assert!(
            all.iter().copied().eq(0..self.sent),
            "{}: each of {} once: {all:?}",
            self.address,
            self.sent
        );
        out_of_turn
    }
}
