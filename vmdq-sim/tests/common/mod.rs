//! A driver of a few lines that knows only raw offsets and bits, for the tests of the models.
//!
//! It shares nothing with the drivers of the family crates nor with the models' own tables.

#![allow(dead_code, unreachable_pub)] // Each test program uses its own part.

use core::ptr::NonNull;

use embedded_hal::delay::DelayNs;
use vmdq_hal::bus::{Bus, Offset};
use vmdq_hal::dma::{Direction, DmaSpace};
use vmdq_sim::{Rule, Sim, SimBus, Testbed};

pub const CTRL: u32 = 0x0000;
pub const STATUS: u32 = 0x0008;
pub const RST: u32 = 1 << 26;
pub const ENABLE: u32 = 1 << 25;
pub const AV: u32 = 1 << 31;
pub const RAL: u32 = 0x5400;
pub const RAH: u32 = 0x5404;

/// Buffer size of all queues here.
pub const BUFFER: usize = 2048;

/// A descriptor ring with its buffers, all in one piece of memory.
pub struct Ring {
    memory: &'static mut [u8],
    pub bus: u64,
    pub slots: usize,
    next: usize,
    /// Offset of the ring's first register.
    pub at: u32,
}

/// What a receive descriptor said.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Got {
    pub bytes: Vec<u8>,
    pub low: u64,
    pub high: u64,
}

impl Got {
    pub fn end(&self) -> bool {
        self.high & 2 != 0
    }

    pub fn tag(&self) -> Option<u16> {
        (self.high & 8 != 0).then_some((self.high >> 48) as u16)
    }
}

pub struct RawDriver {
    pub sim: Sim,
    pub bus: SimBus,
}

impl RawDriver {
    pub fn new(sim: Sim) -> Self {
        let bus = sim.bus();
        Self { sim, bus }
    }

    pub fn read(&self, at: u32) -> u32 {
        self.bus.read32(Offset::new(at))
    }

    pub fn write(&self, at: u32, value: u32) {
        // SAFETY: none: a model or QEMU stands between the controller and memory.
        unsafe { self.bus.write32(Offset::new(at), value) };
    }

    pub fn set(&self, at: u32, bits: u32) {
        self.write(at, self.read(at) | bits);
    }

    pub fn clear(&self, at: u32, bits: u32) {
        self.write(at, self.read(at) & !bits);
    }

    pub fn wait_ms(&self, ms: u32) {
        self.sim.delay().delay_ms(ms);
    }

    pub fn rules(&self) -> Vec<Rule> {
        self.sim.violations().iter().map(|violation| violation.rule).collect()
    }

    pub fn assert_clean(&self) {
        assert_eq!(self.sim.violations(), []);
    }

    /// Runs `act` and returns the rules that it broke.
    pub fn broken_by(&mut self, act: impl FnOnce(&mut Self)) -> Vec<Rule> {
        self.sim.forget_violations();
        act(self);
        let rules = self.rules();
        self.sim.forget_violations();
        rules
    }

    /// Lends and maps a ring of descriptors with a buffer each, and programs base and length.
    pub fn ring(&self, at: u32, slots: usize) -> Ring {
        let memory = self.sim.alloc_bytes(slots * (16 + BUFFER));
        let start = NonNull::from(&mut memory[0]);
        let bus = self.sim.dma().map(start, memory.len(), Direction::Both).unwrap();
        self.write(at, bus as u32);
        self.write(at + 4, (bus >> 32) as u32);
        self.write(at + 8, slots as u32 * 16);
        self.write(at + 0x10, 0);
        self.write(at + 0x18, 0);
        Ring { memory, bus, slots, next: 0, at }
    }

    /// Asks for a queue and waits until it runs.
    pub fn start(&self, ring: &Ring) {
        self.set(ring.at + 0x28, ENABLE);
        self.wait_ms(1);
        assert_ne!(self.read(ring.at + 0x28) & ENABLE, 0, "queue at {:#x} starts", ring.at);
    }

    pub fn stop(&self, ring: &Ring) {
        self.clear(ring.at + 0x28, ENABLE);
        self.wait_ms(1);
        assert_eq!(self.read(ring.at + 0x28) & ENABLE, 0, "queue at {:#x} stops", ring.at);
    }

    /// Fills `count` receive descriptors and writes the tail.
    pub fn post(&self, ring: &mut Ring, tail: usize) {
        for slot in 0..ring.slots {
            let buffer = ring.buffer(slot);
            ring.put(slot, [buffer, 0]);
        }
        self.write(ring.at + 0x18, tail as u32);
    }

    /// Writes one frame into one transmit descriptor and hands it over.
    pub fn send(&self, ring: &mut Ring, frame: &[u8]) {
        let slot = ring.next;
        ring.fill(slot, frame);
        let len = frame.len() as u64;
        // The 82575 wants the ring's own context; the others have no use for it.
        let context = u64::from((ring.at.wrapping_sub(0x3800) / 0x100) & 3) << 36;
        // DTYP 3, EOP, IFCS, RS, DEXT; PAYLEN.
        let command = 0x2b30_0000 | len | context | len << 46;
        ring.put(slot, [ring.buffer(slot), command]);
        ring.next = (slot + 1) % ring.slots;
        self.write(ring.at + 0x18, ring.next as u32);
    }

    /// Puts frames on the wire and lets everything happen.
    pub fn arrive(&mut self, frames: &[Vec<u8>]) -> vmdq_sim::Settled {
        for frame in frames {
            self.sim.inject(frame);
        }
        self.sim.settle()
    }
}

impl Ring {
    pub fn buffer(&self, slot: usize) -> u64 {
        self.bus + (self.slots * 16 + slot * BUFFER) as u64
    }

    pub fn put(&mut self, slot: usize, words: [u64; 2]) {
        self.memory[slot * 16..slot * 16 + 8].copy_from_slice(&words[0].to_le_bytes());
        self.memory[slot * 16 + 8..slot * 16 + 16].copy_from_slice(&words[1].to_le_bytes());
    }

    pub fn fill(&mut self, slot: usize, bytes: &[u8]) {
        let at = self.slots * 16 + slot * BUFFER;
        self.memory[at..at + bytes.len()].copy_from_slice(bytes);
    }

    pub fn words(&self, slot: usize) -> [u64; 2] {
        let half = |at: usize| {
            let bytes = core::array::from_fn(|i| self.memory[at + i]);
            u64::from_le_bytes(bytes)
        };
        [half(slot * 16), half(slot * 16 + 8)]
    }

    pub fn peek(&self, slot: usize, len: usize) -> Vec<u8> {
        let at = self.slots * 16 + slot * BUFFER;
        self.memory[at..at + len].to_vec()
    }

    /// Takes what the device has written back, in order.
    pub fn take(&mut self) -> Vec<Got> {
        let mut got = Vec::new();
        while self.words(self.next)[1] & 1 != 0 {
            let [low, high] = self.words(self.next);
            let len = (high >> 32 & 0xffff) as usize;
            got.push(Got { bytes: self.peek(self.next, len.min(BUFFER)), low, high });
            self.put(self.next, [0, 0]);
            self.next = (self.next + 1) % self.slots;
        }
        got
    }

    pub fn take_frames(&mut self) -> Vec<Vec<u8>> {
        self.take().into_iter().map(|got| got.bytes).collect()
    }
}

/// The n-th virtual machine's address.
pub fn mac(n: u8) -> [u8; 6] {
    [2, 0, 0, 0, 0, n]
}

pub const BROADCAST: [u8; 6] = [0xff; 6];
pub const GROUP: [u8; 6] = [1, 0, 0x5e, 0, 0, 9];

/// A frame of `len` bytes (without FCS) whose last byte is `mark`.
pub fn frame(to: [u8; 6], len: usize, mark: u8) -> Vec<u8> {
    let mut frame = to.to_vec();
    frame.extend(mac(0xee));
    frame.extend([0x08, 0x06]);
    frame.resize(len, 0);
    frame[len - 1] = mark;
    frame
}

/// The same with an 802.1Q tag.
pub fn tagged(to: [u8; 6], len: usize, tag: u16) -> Vec<u8> {
    let mut frame = frame(to, len, 0x77);
    frame.splice(12..12, [0x81, 0x00, (tag >> 8) as u8, tag as u8]);
    frame.truncate(len);
    frame
}

/// Low and high half of an address, as RAL and RAH want it.
pub fn halves(mac: [u8; 6]) -> (u32, u32) {
    (u32::from_le_bytes([mac[0], mac[1], mac[2], mac[3]]), u32::from(mac[4]) | u32::from(mac[5]) << 8)
}

/// SRRCTL: one-buffer format, 2 KiB.
pub const ONE_BUFFER: u32 = 1 << 25 | 2;

/// Resets an igb controller and brings its link up as documented (igb-hal/FACTS.md 3.1 to 3.3).
pub fn igb_up(driver: &RawDriver) {
    driver.write(0x00D8, u32::MAX);
    driver.write(0x0100, 0);
    driver.write(0x0400, 8);
    driver.write(CTRL, driver.read(CTRL) | RST);
    driver.wait_ms(10);
    assert_eq!(driver.read(CTRL) & RST, 0);
    assert_ne!(driver.read(0x0010) & 1 << 9, 0, "EECD.AUTO_RD");
    driver.write(0x00D8, u32::MAX);
    driver.read(0x00C0);
    // Queue 0 comes out of the reset enabled.
    driver.write(0x2828, 0);
    driver.write(0x3828, 0);
    driver.wait_ms(1);
    for word in 0..128 {
        driver.write(0x5200 + 4 * word, 0);
        driver.write(0x5600 + 4 * word, 0);
    }
    driver.write(CTRL, driver.read(CTRL) | 1 << 6);
    driver.write(0x0020, 1 << 26 | 1 << 21 | 0x1200);
    driver.wait_ms(1);
    assert_ne!(driver.read(0x0020) & 1 << 28, 0, "MDIC.READY");
    assert_eq!(driver.read(STATUS) & 2, 0, "negotiation takes time");
    driver.wait_ms(600);
    assert_ne!(driver.read(STATUS) & 2, 0, "STATUS.LU");
}

/// Resets an 82598 and brings its link up as documented (ixgbe-hal/FACTS.md 2.1 to 2.3).
pub fn ixgbe_up(driver: &RawDriver) {
    driver.write(0x3000, 0);
    driver.write(0x0888, u32::MAX);
    driver.read(0x0800);
    driver.set(CTRL, 1 << 2);
    driver.wait_ms(1);
    assert_eq!(driver.read(STATUS) >> 19 & 1, 0, "the master stops");
    driver.set(CTRL, RST);
    assert_ne!(driver.read(CTRL) & RST, 0, "a reset takes time");
    driver.sim.delay().delay_us(10);
    assert_eq!(driver.read(CTRL) & RST, 0);
    driver.wait_ms(50);
    assert_ne!(driver.read(0x1_0010) & 1 << 9, 0, "EEC.ARD");
    assert_ne!(driver.read(0x2F00) & 1 << 3, 0, "RDRXCTL.DMAIDONE");
    for word in 0..128 {
        driver.write(0x5200 + 4 * word, 0);
        driver.write(0xA000 + 4 * word, 0);
    }
    for n in 1..16 {
        driver.write(RAH + 8 * n, 0);
        driver.write(RAL + 8 * n, 0);
    }
    driver.set(0x42A0, 1 << 12);
    driver.wait_ms(100);
    assert_eq!(driver.read(0x42A4) >> 30 & 1, 0, "the link takes time");
    driver.wait_ms(400);
    assert_eq!(driver.read(0x42A4) >> 29, 7, "LINKS: up, 10G");
}
