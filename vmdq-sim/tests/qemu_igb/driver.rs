//! The least that makes the controller sort and send.

use std::alloc::Layout;
use std::env;
use std::io::Write;
use std::ptr::NonNull;
use std::sync::Once;

use embedded_hal::delay::DelayNs;
use vmdq_hal::bus::{Bus, Offset};
use vmdq_hal::dma::{Direction, DmaSpace};
use vmdq_sim::{Qemu, QemuBus, Testbed};

/// Registers, typed from the datasheet's numbers.
pub(crate) mod reg {
    pub(crate) const CTRL: u32 = 0x0;
    pub(crate) const STATUS: u32 = 0x8;
    pub(crate) const MDIC: u32 = 0x20;
    pub(crate) const RCTL: u32 = 0x100;
    pub(crate) const TCTL: u32 = 0x400;
    pub(crate) const ROC: u32 = 0x40ac;
    pub(crate) const TPR: u32 = 0x40d0;
    pub(crate) const RLPML: u32 = 0x5004;
    pub(crate) const RAL: u32 = 0x5400;
    pub(crate) const RAH: u32 = 0x5404;
    pub(crate) const MRQC: u32 = 0x5818;
    pub(crate) const VMOLR: u32 = 0x5ad0;
    pub(crate) const VT_CTL: u32 = 0x581c;
    pub(crate) const RX: u32 = 0xc000;
    pub(crate) const TX: u32 = 0xe000;
}

/// Bytes of a buffer.
const BUFFER: usize = 2048;

/// One descriptor ring and its buffers.
pub(crate) struct Ring {
    queue: u32,
    len: u32,
    descriptors: NonNull<u64>,
    buffers: &'static mut [u8],
    buffers_bus: u64,
    /// The next descriptor to look at (receive) or to fill (transmit).
    next: u32,
}

/// A received frame.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Got {
    pub(crate) queue: u32,
    pub(crate) bytes: Vec<u8>,
}

pub(crate) struct Igb {
    pub(crate) bed: Qemu,
    pub(crate) bus: QemuBus,
    rx: Vec<Ring>,
    tx: Vec<Ring>,
}

/// Starts a virtual machine, or says once that tests are left out.
pub(crate) fn start() -> Option<Qemu> {
    static SAID: Once = Once::new();
    match Qemu::start() {
        Ok(qemu) => Some(qemu),
        Err(error) if error.is_absent() && env::var_os("CI").is_none_or(|ci| ci != "true") => {
            // Not `eprintln`, which the test harness hides where tests pass.
            SAID.call_once(|| drop(writeln!(std::io::stderr(), "tests on QEMU are left out: {error}")));
            None
        }
        Err(error) => panic!("{error}"),
    }
}

/// The address of pool `pool`'s virtual machine.
pub(crate) const fn mac(pool: u8) -> [u8; 6] {
    [0x02, 0, 0, 0, 0, pool]
}

/// Makes a frame of `len` bytes that carries a number.
pub(crate) fn frame(to: [u8; 6], number: u32, len: usize) -> Vec<u8> {
    let mut frame = vec![0; len];
    frame[..6].copy_from_slice(&to);
    frame[6..12].copy_from_slice(&[0x02, 0, 0, 0, 1, 0]);
    frame[12..14].copy_from_slice(&[0x88, 0xb5]);
    frame[14..18].copy_from_slice(&number.to_le_bytes());
    frame
}

/// Reads the number back.
pub(crate) fn number(frame: &[u8]) -> u32 {
    u32::from_le_bytes(frame[14..18].try_into().unwrap())
}

impl Igb {
    /// A controller with link, VMDq on, and one receive and one transmit queue for each of `pools`
    /// pools, `len` descriptors each. Pool p has the address `mac(p)`; pool 0 is the default.
    pub(crate) fn start(pools: u32, len: u32) -> Option<Self> {
        let igb = Self::stopped(pools, len)?;
        igb.receiver(true);
        igb.write(reg::TCTL, 1 << 1 | 1 << 3);
        Some(igb)
    }

    /// The same with receiver and transmitter off.
    pub(crate) fn stopped(pools: u32, len: u32) -> Option<Self> {
        let bed = start()?;
        let mut igb = Self { bus: bed.bus(), bed, rx: Vec::new(), tx: Vec::new() };
        igb.link();
        igb.write(reg::RLPML, 0x3fff);
        igb.write(reg::MRQC, 3);
        igb.write(reg::VT_CTL, 0);
        for pool in 0..pools {
            igb.filter(pool, mac(pool as u8), 1 << pool);
            // Untagged and broadcast frames of up to 1518 bytes with FCS.
            igb.write(reg::VMOLR + 4 * pool, 1518 | 1 << 16 | 1 << 24 | 1 << 27 | 1 << 31);
            igb.add_receive(pool, len);
            igb.add_transmit(pool, len);
        }
        Some(igb)
    }

    pub(crate) fn read(&self, at: u32) -> u32 {
        self.bus.read32(Offset::new(at))
    }

    pub(crate) fn write(&self, at: u32, value: u32) {
        // SAFETY: none: a model or QEMU stands between the controller and memory.
        unsafe { self.bus.write32(Offset::new(at), value) };
    }

    /// Restarts autonegotiation and waits for the link; returns after how many milliseconds.
    pub(crate) fn link(&mut self) -> u32 {
        self.write(reg::CTRL, self.read(reg::CTRL) | 1 << 6);
        self.write(reg::MDIC, 1 << 26 | 1 << 21 | 0x1340);
        let mut waited = 0;
        while self.read(reg::STATUS) & 1 << 1 == 0 {
            assert!(waited < 2000, "no link");
            self.bed.delay().delay_ms(10);
            waited += 10;
        }
        waited
    }

    pub(crate) fn filter(&self, slot: u32, mac: [u8; 6], pools: u32) {
        let [a, b, c, d, e, f] = mac.map(u32::from);
        self.write(reg::RAL + 8 * slot, a | b << 8 | c << 16 | d << 24);
        self.write(reg::RAH + 8 * slot, e | f << 8 | pools << 18 | 1 << 31);
    }

    /// Long frames accepted, FCS stripped.
    pub(crate) fn receiver(&self, on: bool) {
        self.write(reg::RCTL, u32::from(on) << 1 | 1 << 5 | 1 << 15 | 1 << 26);
    }

    fn ring(&self, block: u32, queue: u32, len: u32) -> Ring {
        let descriptors = self.bed.alloc(Layout::from_size_align(16 * len as usize, 128).unwrap());
        let buffers = self.bed.alloc_bytes(BUFFER * len as usize);
        let dma = self.bed.dma();
        let bus = dma.map(descriptors, 16 * len as usize, Direction::Both).unwrap();
        let buffers_bus = dma.map(NonNull::from(&mut buffers[0]), buffers.len(), Direction::Both).unwrap();
        let at = block + 0x40 * queue;
        self.write(at, bus as u32);
        self.write(at + 0x04, (bus >> 32) as u32);
        self.write(at + 0x08, 16 * len);
        self.write(at + 0x10, 0);
        self.write(at + 0x18, 0);
        Ring { queue, len, descriptors: descriptors.cast(), buffers, buffers_bus, next: 0 }
    }

    fn add_receive(&mut self, queue: u32, len: u32) {
        let ring = self.ring(reg::RX, queue, len);
        let at = reg::RX + 0x40 * queue;
        self.write(at + 0x0c, 2 | 1 << 25);
        self.write(at + 0x28, self.read(at + 0x28) | 1 << 25);
        (0..len).for_each(|slot| ring.post_receive(slot));
        self.write(at + 0x18, len - 1);
        self.rx.push(ring);
    }

    fn add_transmit(&mut self, queue: u32, len: u32) {
        let ring = self.ring(reg::TX, queue, len);
        self.write(reg::TX + 0x40 * queue + 0x28, 1 << 25);
        self.tx.push(ring);
    }

    /// Takes at most `most` frames from each queue, and gives their descriptors back.
    pub(crate) fn poll(&mut self, most: usize) -> Vec<Got> {
        (0..self.rx.len()).flat_map(|queue| self.poll_queue(queue, most)).collect()
    }

    /// Takes at most `most` frames from one queue, and gives their descriptors back.
    pub(crate) fn poll_queue(&mut self, queue: usize, most: usize) -> Vec<Got> {
        let ring = &mut self.rx[queue];
        let taken = std::iter::from_fn(|| ring.take_received()).take(most);
        let all: Vec<Got> = taken.map(|bytes| Got { queue: queue as u32, bytes }).collect();
        if !all.is_empty() {
            let tail = (ring.next + ring.len - 1) % ring.len;
            // SAFETY: none: a model or QEMU stands between the controller and memory.
            unsafe { self.bus.write32(Offset::new(reg::RX + 0x40 * ring.queue + 0x18), tail) };
        }
        all
    }

    /// Fills the next transmit descriptor, without telling the controller.
    pub(crate) fn post(&mut self, queue: usize, frame: &[u8]) {
        let ring = &mut self.tx[queue];
        let slot = ring.next;
        ring.buffers[slot as usize * BUFFER..][..frame.len()].copy_from_slice(frame);
        let len = frame.len() as u64;
        ring.store(2 * slot, ring.buffer(slot));
        // Advanced data descriptor: end of frame, FCS, report.
        ring.store(2 * slot + 1, len | (0x3 << 20 | 0x0b << 24 | 1 << 29) | len << 46);
        ring.next = (slot + 1) % ring.len;
    }

    /// Writes a transmit queue's tail.
    pub(crate) fn kick(&self, queue: usize) {
        let ring = &self.tx[queue];
        self.write(reg::TX + 0x40 * ring.queue + 0x18, ring.next);
    }
}

impl Ring {
    fn buffer(&self, slot: u32) -> u64 {
        self.buffers_bus + u64::from(slot) * BUFFER as u64
    }

    fn post_receive(&self, slot: u32) {
        self.store(2 * slot, self.buffer(slot));
        self.store(2 * slot + 1, 0);
    }

    fn take_received(&mut self) -> Option<Vec<u8>> {
        let slot = self.next;
        let written = self.load(2 * slot + 1);
        if written & 1 == 0 {
            return None;
        }
        let len = (written >> 32) as usize & 0xffff;
        let bytes = self.buffers[slot as usize * BUFFER..][..len].to_vec();
        self.post_receive(slot);
        self.next = (slot + 1) % self.len;
        Some(bytes)
    }

    fn load(&self, word: u32) -> u64 {
        assert!(word < 2 * self.len);
        // SAFETY: the ring has `2 * len` words, memory for good.
        unsafe { self.descriptors.add(word as usize).read_volatile() }
    }

    fn store(&self, word: u32, value: u64) {
        assert!(word < 2 * self.len);
        // SAFETY: the ring has `2 * len` words, memory for good.
        unsafe { self.descriptors.add(word as usize).write_volatile(value) }
    }
}
