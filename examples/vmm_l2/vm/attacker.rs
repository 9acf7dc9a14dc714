//! The program of a hostile virtual machine: it uses all that it has to reach what is not its own.
//!
//! What it does is random and the same in each run.

use vmdq::MacAddress;
use vmdq::vmm::GuestRange;

use super::attack::Attack;
use super::by_hand::{ByHand, request};
use super::layout::{ENTRIES, Layout};

/// Buffers that are posted at first; the rest of the channel is for attacks.
const AT_FIRST: usize = ENTRIES * 3 / 4;

/// The targets of a hostile machine.
#[derive(Clone)]
pub(crate) struct Neighbours {
    /// The addresses of all other machines.
    pub(crate) addresses: Vec<MacAddress>,
    /// Memory of another machine, or of none.
    pub(crate) memory: GuestRange,
}

impl Neighbours {
    /// The destination of a frame: a machine, all machines, or an unknown station.
    fn target(&self, random: &mut fastrand::Rng) -> MacAddress {
        match random.u8(..4) {
            0 => MacAddress::BROADCAST,
            1 => MacAddress([0x01, 0x00, 0x5e, 0, 0, 1]),
            2 => MacAddress([0x02, 0x5f, 0, 0, 0, 1]),
            _ => self.address(random.usize(..)),
        }
    }

    /// Returns the address of some machine, or an unknown one.
    fn address(&self, number: usize) -> MacAddress {
        let stranger = MacAddress([0x02, 0x66, 0, 0, 0, 1]);
        self.addresses.get(number % (self.addresses.len() + 1)).copied().unwrap_or(stranger)
    }
}

pub(crate) struct Attacker {
    layout: Layout,
    own: MacAddress,
    neighbours: Neighbours,
    /// For what it does when it runs.
    random: fastrand::Rng,
    /// For what it does while others run: how often that is must not change all the rest.
    meanwhile: fastrand::Rng,
    receive: ByHand,
    transmit: ByHand,
    /// The next buffer and the next frame to use.
    turn: usize,
    /// Rounds in which it does nothing.
    idle: u8,
}

impl Attacker {
    /// Begins as an honest driver does, with buffers enough to get frames.
    pub(crate) fn start(layout: Layout, own: MacAddress, neighbours: Neighbours) -> Self {
        let mut random = fastrand::Rng::with_seed(0xbad ^ u64::from(layout.guest.vm().0));
        let meanwhile = random.fork();
        let (mut receive, transmit) = (ByHand::new(layout.receive), ByHand::new(layout.transmit));
        for (id, range) in (0..).zip(&layout.buffers[..AT_FIRST]) {
            receive.post(request(id, *range, None));
        }
        Self { layout, own, neighbours, random, meanwhile, receive, transmit, turn: 0, idle: 0 }
    }

    /// Runs for a while.
    pub(crate) fn work(&mut self) {
        if self.idle > 0 {
            self.idle -= 1;
            return;
        }
        for _ in 0..self.random.u32(4..64) {
            let attack = Attack::choose(&mut self.random);
            self.attack(attack);
        }
    }

    fn attack(&mut self, attack: Attack) {
        self.turn += 1;
        let id = (self.turn % ENTRIES) as u16;
        let other = self.random.u16(..ENTRIES as u16);
        let own = self.layout.buffers[usize::from(id)];
        let all = self.layout.guest.memory();
        let (id, range) = match attack {
            Attack::Behave => (id, own),
            Attack::NumberTwice => (id.wrapping_sub(1) % ENTRIES as u16, own),
            Attack::BufferTwice => (other, own),
            Attack::Overlap => (other, GuestRange { at: own.at + 64, ..own }),
            Attack::Misaligned => (id, GuestRange { at: own.at + 1, ..own }),
            Attack::Foreign => (id, GuestRange { at: self.neighbours.memory.at, ..own }),
            Attack::Straddle => (id, GuestRange { at: all.end().unwrap_or(0) - 64, ..own }),
            Attack::Length => {
                let lengths = [0, 1, 59, own.len - 1, own.len + 1, all.len, (1 << 24) - 1];
                (id, GuestRange { len: lengths[self.random.usize(..lengths.len())], ..own })
            }
            Attack::Garbage => {
                let words = core::array::from_fn(|_| self.random.u32(..));
                let direction = if self.random.bool() { &mut self.receive } else { &mut self.transmit };
                return direction.post(words);
            }
            Attack::GiveUpMemory => return self.layout.guest.release(own),
            Attack::Spoof => return self.spoof(),
            Attack::Malform => return self.malform(),
            Attack::SendForeign => {
                let foreign = GuestRange { at: self.neighbours.memory.at, len: 60 };
                return self.transmit.post(request(id, foreign, None));
            }
            Attack::Scribble => {
                self.receive.scribble(&mut self.random);
                // A frame that is posted already could become one that may be sent.
                return self.transmit.scribble_over_responses(&mut self.random);
            }
            Attack::Starve => return self.idle = self.random.u8(..4),
            Attack::BreakReceive => return self.receive.count(0x8000_0000),
            Attack::BreakTransmit => return self.transmit.count(ENTRIES as u32 + 1),
        };
        self.receive.post(request(id, range, None));
    }

    /// Sends a frame that claims to be from another machine, or from a station on the wire.
    fn spoof(&mut self) {
        let (to, from) = (self.neighbours.target(&mut self.random), self.neighbours.address(self.turn));
        let tag = self.random.bool().then(|| self.random.u16(..));
        let frame = self.frame(to, from, 60);
        self.send(0, &frame, tag);
    }

    /// Sends what is no frame of a virtual machine.
    ///
    /// Each kind that has the machine's own name has a place of its own, so that what one request names
    /// never becomes what another one would make a good frame.
    fn malform(&mut self) {
        let to = self.neighbours.target(&mut self.random);
        let frame = |from, len| self.frame(to, from, len);
        let mut tagged = frame(self.own, 64);
        tagged[12..16].copy_from_slice(&[0x81, 0x00, 0x00, 0x05]);
        let (place, frame, tag) = match self.turn % 6 {
            0 => (0, frame(MacAddress([0; 6]), 60), None),
            1 => (0, frame(MacAddress::BROADCAST, 60), None),
            2 => (1, frame(self.own, 13), None),
            3 => (2, frame(self.own, 1600), None),
            4 => (3, frame(self.own, 60), Some(0xfff)),
            _ => (4, tagged, Some(7)),
        };
        self.send(place, &frame, tag);
    }

    /// Writes over what it has shared or sent, every other time: buffers that the controller is
    /// writing, headers that a switch may be looking at.
    pub(crate) fn interfere(&mut self) {
        let (to, from) = (self.neighbours.target(&mut self.meanwhile), self.neighbours.address(self.turn));
        let header = self.frame(to, from, 64);
        for range in self.layout.buffers.iter().chain(&self.layout.outgoing) {
            if self.meanwhile.bool() {
                // What it gave up it can no longer write.
                let _ = self.layout.guest.write(range.at, &header);
            }
        }
    }

    fn send(&mut self, place: usize, frame: &[u8], tag: Option<u16>) {
        let place = self.layout.outgoing[place];
        let range = GuestRange { len: frame.len() as u32, ..place };
        if self.layout.guest.write(range.at, frame).is_ok() {
            self.transmit.post(request((self.turn % ENTRIES) as u16, range, tag));
        }
    }

    fn frame(&self, to: MacAddress, from: MacAddress, len: usize) -> Vec<u8> {
        let mut frame = [&to.0[..], &from.0, &[0x88, 0xb5]].concat();
        frame.resize(len, self.turn as u8);
        frame
    }
}
