//! Header replication as the HALs set it up: below the rings, on descriptors of the test's own.

use core::ptr::NonNull;

use vmdq::bus::{Bus, Offset};
use vmdq::device::{HeaderReplication, ReceiveSetup, RingKind, RingSetup};
use vmdq::dma::{Direction, DmaSpace};
use vmdq::ring::BufferSize;
use vmdq::targeted::HeaderSize;
use vmdq::{Io, PoolIndex, RingIndex};
use vmdq_sim::PlatformOf;

use crate::bed::Bed;
use crate::common::{Concrete, Plan, STRANGER, Setup, frame, tagged};

/// Descriptors, no fewer than the rings of a [`Setup`] have: the 82575 begins where the last ring ended.
const DESCRIPTORS: usize = 64;
/// Bytes of a packet buffer, and between the starts of header buffers.
const PACKET: usize = 2048;
const HEADER: usize = 1024;
/// The packet types whose headers queue 0 replicates, at the same place on all devices.
const PSRTYPE: Offset = Offset::new(0x5480);
/// What header buffers hold before.
const UNTOUCHED: u8 = 0xaa;

/// Memory of a receive ring: descriptors, packet buffers, header buffers.
struct Memory {
    bytes: &'static mut [u8],
    bus: u64,
}

impl Memory {
    fn new<T: Bed>(bed: &T) -> Self {
        let bytes = bed.alloc_bytes(DESCRIPTORS * (16 + PACKET + HEADER));
        bytes[DESCRIPTORS * (16 + PACKET)..].fill(UNTOUCHED);
        let at = NonNull::from(&mut bytes[0]);
        let bus = bed.dma().map(at, bytes.len(), Direction::Both).expect("it is the bed's memory");
        let memory = Self { bytes, bus };
        for place in 0..DESCRIPTORS {
            let packet = bus + Self::packet(place) as u64;
            let header = bus + Self::header(place) as u64;
            memory.bytes[place * 16..][..8].copy_from_slice(&packet.to_le_bytes());
            memory.bytes[place * 16 + 8..][..8].copy_from_slice(&header.to_le_bytes());
        }
        memory
    }

    const fn packet(place: usize) -> usize {
        DESCRIPTORS * 16 + place * PACKET
    }

    const fn header(place: usize) -> usize {
        DESCRIPTORS * (16 + PACKET) + place * HEADER
    }

    /// What the device wrote into a descriptor: the low words of its two halves, and the length.
    fn written(&self, place: usize) -> (u32, u32, usize) {
        let word = |at| u32::from_le_bytes(self.bytes[place * 16 + at..][..4].try_into().expect("4 bytes"));
        (word(0), word(8), (word(12) & 0xffff) as usize)
    }
}

/// A frame with the headers of UDP over IPv4.
fn udp(len: usize) -> Vec<u8> {
    let mut bytes = frame(STRANGER, 3, len);
    bytes[12..14].copy_from_slice(&[8, 0]);
    bytes[14] = 0x45;
    bytes[20..22].fill(0);
    bytes[23] = 17;
    bytes
}

/// The largest header buffer of a model.
fn largest_header<M: HeaderReplication + Concrete>() -> u16 {
    M::default().largest_header().expect("the model can")
}

/// Has the default queue replicate headers of `bytes`, and looks at what arrives.
fn replicate<M: HeaderReplication + Concrete, T: Bed>(
    setup: &mut Setup<M, PlatformOf<T>, T>,
    bytes: u16,
    replicates: bool,
) {
    let (model, platform) = (M::default(), setup.bed.platform());
    // SAFETY: the pool of this ring is idle, and the bed's memory stays where it is.
    let io = unsafe { Io::new(&platform) };
    let memory = Memory::new(&setup.bed);
    let (ring, pool) = (RingIndex::new(0), PoolIndex::new(0));
    let first = model.first_descriptor(io, RingKind::Receive, ring);
    let ring_setup = RingSetup { ring, pool, base: memory.bus, descriptors: DESCRIPTORS as u32, first };
    let header = HeaderSize::new(model, bytes).map(|size| (size.bytes() / 64) as u8);
    let size = BufferSize::kib(2).expect("a size");
    let receive = ReceiveSetup { size, header, drops: true, strip_tags: false };
    // SAFETY: the bed's memory stays where it is.
    let mut seen = unsafe { model.start_receive(io, ring_setup, receive) }.expect("the ring starts");
    let place = |i: usize| (first as usize + i) % DESCRIPTORS;
    // SAFETY: the descriptors up to there name the bed's memory.
    unsafe { setup.bed.bus().write32(model.tail(RingKind::Receive, ring), place(DESCRIPTORS - 1) as u32) };

    let frames = [udp(300), udp(60), tagged(STRANGER, 5, 1, 1518), frame(STRANGER, 2, 1514), udp(1514)];
    setup.inject(&frames);
    for (i, sent) in frames.iter().enumerate() {
        let (info, status, length) = memory.written(place(i));
        assert_eq!(status & 3, 3, "frame {i}: done and whole");
        assert_eq!(&memory.bytes[Memory::packet(place(i))..][..length], sent, "frame {i}");
        let buffer = &memory.bytes[Memory::header(place(i))..][..HEADER];
        let stored = if replicates { sent.len().min(usize::from(bytes)) } else { 0 };
        assert_eq!(info >> 31 != 0, replicates, "frame {i}: SPH");
        assert_eq!(buffer[..stored], sent[..stored], "frame {i}");
        assert!(buffer[stored..].iter().all(|byte| *byte == UNTOUCHED), "frame {i}");
    }
    model.stop(io, RingKind::Receive, ring, &mut seen).expect("the ring stops");
    // SAFETY: no device has it any more.
    unsafe { setup.bed.dma().unmap(memory.bus, memory.bytes.len(), Direction::Both) };
}

/// The default queue replicates headers of each size, and between times doesn't.
fn comes_and_goes<M: HeaderReplication + Concrete, T: Bed>(bed: T, replicates: bool) {
    let mut setup = Setup::<M, _, T>::start(bed, Plan::default());
    for bytes in [64, 128, largest_header::<M>()] {
        setup.stop(0);
        replicate(&mut setup, bytes, replicates);
        let queue = setup.idle.pop().expect("the queue that was stopped");
        setup.run(queue);
        // No descriptor names a header buffer any more: asked for one, the models complain.
        assert_eq!(setup.bed.bus().read32(PSRTYPE), 0);
        assert_eq!(setup.lands(&udp(300)), [0]);
        assert_eq!(setup.lands(&frame(STRANGER, 1, 60)), [0]);
    }
    setup.finish();
}

pub(crate) fn headers_are_replicated_while_asked_for<M: HeaderReplication + Concrete, T: Bed>(bed: T) {
    comes_and_goes::<M, T>(bed, true);
}

/// For devices that don't although they should.
pub(crate) fn frames_arrive_whole_without<M: HeaderReplication + Concrete, T: Bed>(bed: T) {
    comes_and_goes::<M, T>(bed, false);
}

pub(crate) fn header_buffers_have_the_models_sizes<M: HeaderReplication + Concrete, T: Bed>(_: T) {
    let sizes =
        (0..=u16::MAX).filter_map(|bytes| HeaderSize::new(M::default(), bytes)).map(HeaderSize::bytes);
    let expected = (1..=usize::from(largest_header::<M>()) / 64).map(|units| units * 64);
    assert!(sizes.eq(expected));
}
