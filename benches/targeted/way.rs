//! The ways of a frame from the wire into the virtual machine.

use igb_hal::I82576;
use vmdq_bench::{Machine as Platform, place};
use vmdq_core::channel::{Posted, VirtualInterface};
use vmdq_core::group::Group;
use vmdq_core::relay::Outlet;
use vmdq_core::switch::{DropReason, InterfaceId, TagAction};
use vmdq_hal::ring::{BufferMemory, BufferPool, BufferSize, Burst, Frame, RingMemory, RxRing};
use vmdq_hal::targeted::{
    HeaderSize, ShareState, Targeted, TargetedBurst, TargetedMemory, TargetedRing, Targeting,
};
use vmdq_hal::{Pool, Running, Started};

use crate::guest::{BUFFERS, Guest, Machine};
use crate::nic::Nic;
use crate::setup::{Network, Ported, RING, VM, channel, dma, pool};

/// Frames of a batch.
pub(crate) const BATCH: usize = 32;
/// Buffers of the I/O container: a ring full, and some on their way.
const OWN: usize = RING + 2 * BATCH;

/// A way, its virtual machine and its device.
pub(crate) struct Host {
    pub(crate) nic: Nic,
    pub(crate) machine: &'static Machine,
    pub(crate) guest: Guest,
    network: Network,
    interface: VirtualInterface<'static>,
    way: Way,
    /// What filters lead to.
    _steering: Pool<I82576, Platform, Running>,
    /// Which it keeps running.
    _port: Ported,
}

#[expect(clippy::large_enum_variant, reason = "there are three of them")]
enum Way {
    /// Received into buffers of the I/O container, then copied.
    Copy { rx: RxRing<Platform>, pool: BufferPool, burst: Burst<BATCH> },
    /// Received into buffers of the virtual machine.
    Targeted {
        rx: TargetedRing<Platform, &'static Machine>,
        headers: BufferPool,
        burst: TargetedBurst<BATCH>,
        /// By number, what the virtual machine posted.
        posted: Box<[Option<Posted>; BUFFERS]>,
    },
}

/// What is compared. The first is what the others are compared with.
pub(crate) const WAYS: [(&str, fn() -> Host); 3] = [
    ("copy", Host::copying),
    ("targeted", || Host::targeted(true)),
    ("targeted, header fetched", || Host::targeted(false)),
];

impl Host {
    fn copying() -> Self {
        let (nic, port, pool) = pool();
        let (mut buffers, _memory) = place(BufferMemory::<OWN, 2>::new()).pool(dma()).expect("buffers");
        let (rx, tx) = (place(RingMemory::<RING>::new()), place(RingMemory::<8>::new()));
        let started = port.start(pool, rx, tx, buffers.size());
        let Started { mut rx, pool: steering, .. } = started.expect("a pool in memory");
        rx.refill(&mut buffers);
        let way = Way::Copy { rx, pool: buffers, burst: Burst::new() };
        Self::new(nic, place(Machine::new()), way, steering, port)
    }

    fn targeted(replicated: bool) -> Self {
        let (nic, port, pool) = pool();
        let machine: &'static Machine = place(Machine::new());
        let (headers, _memory) = place(BufferMemory::<OWN, 1>::new()).pool(dma()).expect("buffers");
        let (rx, tx) = (place(TargetedMemory::<RING, BUFFERS>::new()), place(RingMemory::<8>::new()));
        let size = BufferSize::kib(2).expect("a size");
        let targeting = if replicated {
            Targeting::replicated(VM, size, HeaderSize::new(I82576, 64).expect("a size of headers"))
        } else {
            Targeting::by_software(VM, size)
        };
        let started = port.start_targeted(pool, rx, tx, targeting, machine);
        let Started { rx, pool: steering, .. } = started.expect("a pool in memory");
        let posted = Box::new([const { None }; BUFFERS]);
        let way = Way::Targeted { rx, headers, burst: TargetedBurst::new(), posted };
        let mut host = Self::new(nic, machine, way, steering, port);
        // Shares what the guest posted and tells the device of it.
        host.serve(false);
        host
    }

    fn new(
        nic: Nic,
        machine: &'static Machine,
        way: Way,
        steering: Pool<I82576, Platform, Running>,
        port: Ported,
    ) -> Self {
        let (interface, guest) = channel();
        let network = Network::new();
        Self { nic, machine, guest, network, interface, way, _steering: steering, _port: port }
    }

    /// One round of the hypervisor's loop and of the guest's: a batch at most.
    pub(crate) fn serve(&mut self, reads: bool) {
        let Self { machine, network, interface, way, .. } = self;
        match way {
            Way::Copy { rx, pool, burst } => {
                rx.receive_replacing(burst, BATCH, pool);
                copy(network, interface, machine, burst, pool);
            }
            Way::Targeted { rx, headers, burst, posted } => {
                take_back(interface, rx, posted);
                rx.refill(headers);
                rx.receive(burst);
                hand_over(network, interface, burst, headers, posted);
            }
        }
        interface.notify_if_needed(*machine);
        self.guest.work(machine, reads);
    }
}

/// Copies what was received into the guest's buffers.
fn copy(
    network: &mut Network,
    interface: &mut VirtualInterface<'static>,
    machine: &Machine,
    burst: &mut Burst<BATCH>,
    pool: &mut BufferPool,
) {
    network.relay(burst, &mut Copies { interface, machine });
    for frame in burst.drain(..) {
        // There is room: it came from there.
        let _ = pool.put(frame);
    }
}

/// A guest to whose buffers frames are copied.
struct Copies<'h> {
    interface: &'h mut VirtualInterface<'static>,
    machine: &'h Machine,
}

impl Outlet<Frame> for Copies<'_> {
    #[inline(always)]
    fn copy(&mut self, _to: InterfaceId, _tag: TagAction, group: &Group<'_, Frame>) {
        let Self { interface, machine } = self;
        for frame in &*group.frames {
            // The interface counts what the guest had no buffer for.
            let _ = interface.deliver(*machine, frame.bytes(), frame.tag());
        }
    }

    fn dropped(&mut self, _reason: DropReason, _group: &mut Group<'_, Frame>) {}

    /// Nobody counts bytes.
    #[inline(always)]
    fn bytes(&self, _frames: &[Frame]) -> u64 {
        0
    }
}

/// Tells the guest which of its buffers have frames.
// One call for a batch, so that the loop has registers of its own.
#[inline(never)]
fn hand_over(
    network: &mut Network,
    interface: &mut VirtualInterface<'static>,
    burst: &mut TargetedBurst<BATCH>,
    headers: &mut BufferPool,
    posted: &mut [Option<Posted>; BUFFERS],
) {
    network.relay(burst, &mut InPlace { interface, posted });
    for frame in burst.drain(..) {
        // There is room: it came from there.
        let _ = headers.put(frame.header);
    }
}

/// A guest whose buffers have the frames already.
struct InPlace<'h> {
    interface: &'h mut VirtualInterface<'static>,
    posted: &'h mut [Option<Posted>; BUFFERS],
}

impl Outlet<Targeted> for InPlace<'_> {
    #[inline(always)]
    fn copy(&mut self, _to: InterfaceId, _tag: TagAction, group: &Group<'_, Targeted>) {
        let Self { interface, posted } = self;
        for frame in &*group.frames {
            if let Some(buffer) = posted[usize::from(frame.id)].take() {
                let length = u32::from(frame.len);
                let _ = interface.receive().complete(buffer, length, frame.header.tag());
            }
        }
    }

    fn dropped(&mut self, reason: DropReason, _group: &mut Group<'_, Targeted>) {
        panic!("the guest's buffer is lost, since the switch drops what its filter matched: {reason}");
    }

    /// Nobody counts bytes.
    #[inline(always)]
    fn bytes(&self, _frames: &[Targeted]) -> u64 {
        0
    }
}

/// Takes the buffers that the guest posted: new ones are shared, the others given back.
fn take_back(
    interface: &mut VirtualInterface<'_>,
    rx: &mut TargetedRing<Platform, &'static Machine>,
    posted: &mut [Option<Posted>; BUFFERS],
) {
    while let Some(Ok(buffer)) = interface.receive().next() {
        let (id, range) = (buffer.id(), buffer.range());
        let held = match rx.shared(id) {
            Some((shared, ShareState::Delivered)) if shared == range => rx.give_back(id).is_ok(),
            Some(_) => false,
            None => rx.share(id, range).is_ok(),
        };
        assert!(held, "a guest that keeps to the rules");
        posted[usize::from(id)] = Some(buffer);
    }
}
