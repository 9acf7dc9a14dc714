//! One running targeted queue, its header buffers, and the virtual machine behind it.

use vmdq::device::HeaderReplication;
use vmdq::ring::{BufferPool, BufferSize, FrameFlags, PoolMemory, TxRing};
use vmdq::targeted::{
    HeaderSize, ShareState, TargetedBurst, TargetedMemory, TargetedRing, TargetedSpace, Targeting,
};
use vmdq::vmm::GuestRange;
use vmdq::{FilterTable, Idle, Platform, Pool, Port, Running, Started, Stopped, Vmdq};
use vmdq_sim::{Guest, Testbed};

use crate::common::{Concrete, buffers, rings};
use crate::watch::WatchedVmm;

/// The size of buffers that machines share.
pub(crate) const BUFFER: u32 = 2048;
/// Ids of shared buffers.
pub(crate) const IDS: u16 = 64;

/// Who fetches headers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum How {
    /// The hardware, into buffers of a size in bytes.
    Hardware(u16),
    Software,
}

/// A running targeted queue.
pub(crate) struct Targeted<M: Concrete, P: Platform> {
    pub(crate) rx: TargetedRing<P, WatchedVmm>,
    pub(crate) tx: TxRing<P>,
    pub(crate) pool: Pool<M, P, Running>,
    pub(crate) headers: BufferPool,
    pub(crate) memory: PoolMemory<&'static mut [u8], P::Dma>,
    pub(crate) guest: Guest,
}

/// A frame that a virtual machine got.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Got {
    pub(crate) header: Vec<u8>,
    pub(crate) tag: Option<u16>,
    pub(crate) flags: FrameFlags,
    pub(crate) id: u16,
    pub(crate) range: GuestRange,
    /// What the machine reads in its buffer.
    pub(crate) bytes: Vec<u8>,
    pub(crate) replicated: bool,
}

/// Memory of a targeted ring of one of the lengths that tests use.
pub(crate) fn memory<T: Testbed>(bed: &T, descriptors: usize) -> TargetedSpace {
    match descriptors {
        8 => bed.place(TargetedMemory::<8, { IDS as usize }>::new()).into(),
        64 => bed.place(TargetedMemory::<64, { IDS as usize }>::new()).into(),
        other => panic!("no targeted ring of {other} descriptors in the tests"),
    }
}

/// The size that buffers are shared in.
pub(crate) fn size() -> BufferSize {
    BufferSize::for_bytes(BUFFER as usize).expect("a size")
}

impl How {
    /// How a queue of a machine receives.
    pub(crate) fn targeting<M: HeaderReplication + Concrete>(self, guest: &Guest) -> Targeting<M> {
        match self {
            Self::Hardware(bytes) => {
                let headers = HeaderSize::new(M::default(), bytes).expect("a size of header buffers");
                Targeting::replicated(guest.vm(), size(), headers)
            }
            Self::Software => Targeting::by_software(guest.vm(), size()),
        }
    }
}

impl<M: HeaderReplication + Concrete, P: Platform> Targeted<M, P> {
    /// Starts a queue for a machine; nothing is shared yet.
    pub(crate) fn start<T: Testbed<Dma = P::Dma>>(
        bed: &T,
        port: &Port<M, P, Vmdq>,
        pool: Pool<M, P, Idle>,
        descriptors: usize,
        (guest, vmm): (&Guest, &WatchedVmm),
        how: How,
    ) -> Self {
        let (rx, (_, tx)) = (memory(bed, descriptors), rings(bed, descriptors));
        let started = port.start_targeted(pool, rx, tx, how.targeting(guest), vmm.clone());
        let Started { rx, tx, pool } = started.expect("the pool starts");
        let (headers, memory) = buffers(bed, 2 * descriptors, BufferSize::kib(1).expect("a size"));
        Self { rx, tx, pool, headers, memory, guest: guest.clone() }
    }
}

impl<M: Concrete, P: Platform> Targeted<M, P> {
    /// Shares `count` fresh buffers under the ids from `first` on and posts what the ring takes. Behind
    /// each buffer is memory that is not shared.
    pub(crate) fn share(&mut self, first: u16, count: u16) -> Vec<GuestRange> {
        let ranges = Vec::from_iter((first..first + count).map(|id| {
            let range = self.guest.alloc(BUFFER, 2 * u64::from(BUFFER)).expect("the machine has memory");
            self.rx.share(id, range).expect("the buffer is shared");
            range
        }));
        self.rx.refill(&mut self.headers);
        ranges
    }

    /// Takes every finished frame, without giving its buffer back.
    pub(crate) fn take(&mut self) -> Vec<Got> {
        let mut all = Vec::new();
        let mut burst = TargetedBurst::<5>::new();
        while self.rx.receive(&mut burst) > 0 {
            for frame in burst.drain(..) {
                assert_eq!(self.rx.shared(frame.id), Some((frame.range, ShareState::Delivered)));
                assert!(u32::from(frame.len) <= frame.range.len, "longer than its buffer");
                let mut bytes = vec![0; frame.len.into()];
                // A dead machine reads nothing.
                let _ = self.guest.read(frame.range.at, &mut bytes);
                all.push(Got {
                    header: frame.header.bytes().to_vec(),
                    tag: frame.header.tag(),
                    flags: frame.header.flags(),
                    id: frame.id,
                    range: frame.range,
                    bytes,
                    replicated: frame.replicated,
                });
                self.headers.put(frame.header).expect("room in the pool");
            }
        }
        all
    }

    /// Takes every finished frame; the machine gives the buffers back, and they are posted again.
    pub(crate) fn receive(&mut self) -> Vec<Got> {
        let all = self.take();
        all.iter().for_each(|got| self.rx.give_back(got.id).expect("the machine has it"));
        self.rx.refill(&mut self.headers);
        all
    }

    /// Stops the queue, and sees that header buffers come home and nothing of the machine stays mapped.
    pub(crate) fn stop(self, table: &FilterTable<M, P>) -> Stopped<M, P, TargetedSpace> {
        let Self { rx, tx, pool, mut headers, memory, .. } = self;
        let put = |frame| headers.put(frame).expect("room in the pool");
        let stopped = Started { rx, tx, pool }.stop(table, put).expect("the pool stops");
        let _ = memory.release(headers).expect("all header frames are home");
        stopped
    }
}
