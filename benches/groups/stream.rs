//! Received frames in groups, and the caches that their headers are in.

use std::alloc::Layout;

use vmdq_hal::dma::Identity;
use vmdq_hal::ring::{BufferPool, BufferSize, BufferSlot, Frame};

use crate::switch::{ADDRESSES, PORTS, STATIONS, address, station};

/// Frames of a run.
pub(crate) const FRAMES: usize = 2048;
/// Buffers that they are spread over.
const BUFFERS: usize = 8192;

/// Memory in pages of 2 MiB where the system has them, as packet buffers usually are; never freed.
fn huge_pages(bytes: usize) -> &'static mut [u8] {
    let layout = Layout::from_size_align(bytes, 2 << 20).expect("a size of pages");
    // SAFETY: the size is not zero.
    let at = unsafe { std::alloc::alloc(layout) };
    assert!(!at.is_null(), "no memory");
    #[cfg(target_os = "linux")]
    {
        unsafe extern "C" {
            fn madvise(at: *mut u8, bytes: usize, advice: i32) -> i32;
        }
        const HUGE: i32 = 14;
        // SAFETY: whole pages of the memory above, or their begin; advice changes nothing in them.
        // Without huge pages there are others.
        let _ = unsafe { madvise(at, bytes, HUGE) };
    }
    // SAFETY: that many bytes, which nothing else uses.
    unsafe { at.write_bytes(0, bytes) };
    // SAFETY: initialised above, and never freed.
    unsafe { std::slice::from_raw_parts_mut(at, bytes) }
}

/// Where headers are when a run begins.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cache {
    /// Where the last run left them.
    Warm,
    /// In the last level, where devices place them by DDIO; everything else, too.
    LastLevel,
    /// In memory only.
    Memory,
}

impl Cache {
    pub(crate) const ALL: [Self; 3] = [Self::Warm, Self::LastLevel, Self::Memory];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Warm => "warm",
            Self::LastLevel => "last level",
            Self::Memory => "memory",
        }
    }
}

/// Frames in the order of their arrival, in buffers that lie anywhere.
pub(crate) struct Stream {
    pub(crate) frames: Vec<Frame>,
    /// For each group of frames, the queue that they are from.
    pub(crate) queues: Vec<u8>,
    sweep: Vec<u64>,
    /// Whether each group is from another station.
    many_sources: bool,
}

impl Stream {
    pub(crate) fn new(many_sources: bool) -> Self {
        let mut random = fastrand::Rng::with_seed(1);
        let region = huge_pages(BUFFERS * (2048 + 64) + 64);
        let slots: &mut [BufferSlot] = Box::leak(Box::new_uninit_slice(BUFFERS));
        // SAFETY: there is no device.
        let dma = unsafe { Identity::new() };
        let size = BufferSize::kib(2).expect("a size");
        let (mut pool, _memory) = BufferPool::carve(region, size, slots, dma).expect("buffers");
        let mut frames: Vec<Frame> = std::iter::from_fn(|| pool.take()).collect();
        random.shuffle(&mut frames);
        frames.truncate(FRAMES);
        let sweep = vec![1; (6 << 20) / 8];
        let mut stream = Self { frames, queues: Vec::new(), sweep, many_sources };
        stream.regroup(1);
        stream
    }

    /// Writes headers such that `k` frames each have the same addresses; the same for equal `k`.
    pub(crate) fn regroup(&mut self, k: usize) {
        let mut random = fastrand::Rng::with_seed(k as u64);
        self.queues.clear();
        for group in self.frames.chunks_mut(k) {
            let (queue, number) = (random.usize(..PORTS), random.usize(..ADDRESSES));
            let any = random.usize(..STATIONS);
            // A virtual machine's peer, or any.
            let from = station(if self.many_sources { any } else { queue }).0;
            let to = address(queue, number).0;
            self.queues.push(queue as u8);
            let mut bytes = [0; 60];
            bytes[..6].copy_from_slice(&to);
            bytes[6..12].copy_from_slice(&from);
            bytes[12..14].copy_from_slice(&[8, 0]);
            for frame in group {
                frame.fill(&bytes).expect("a buffer of 2 KiB");
            }
        }
    }

    /// Overwrites the headers of all frames but the first of each group with unknown addresses.
    pub(crate) fn spoil_followers(&mut self, k: usize) {
        for frame in self.frames.chunks_mut(k).flat_map(|group| &mut group[1..]) {
            frame.bytes_mut()[..14].fill(0xee);
        }
    }

    /// Puts the headers into the cache level in which a run should find them.
    pub(crate) fn place(&mut self, cache: Cache) {
        match cache {
            Cache::Warm => {}
            Cache::LastLevel => {
                for line in self.sweep.chunks_mut(8) {
                    line[0] = line[0].wrapping_add(1);
                }
                std::hint::black_box(&mut self.sweep);
            }
            Cache::Memory => self.flush(),
        }
    }

    #[cfg(target_arch = "x86_64")]
    fn flush(&self) {
        use std::arch::x86_64::{_mm_clflush, _mm_mfence};
        for frame in &self.frames {
            // SAFETY: a byte of a frame, which may be evicted at any time anyway; SSE2 is part of
            // x86-64.
            unsafe { _mm_clflush(frame.bytes().as_ptr()) };
        }
        // SAFETY: SSE2 is part of x86-64.
        unsafe { _mm_mfence() };
    }

    /// Elsewhere, what is larger than any cache is read.
    #[cfg(not(target_arch = "x86_64"))]
    fn flush(&self) {
        let large = vec![1_u8; 256 << 20];
        std::hint::black_box(large.iter().step_by(64).map(|byte| usize::from(*byte)).sum::<usize>());
    }
}
