//! One function for each operation of the HALs over memory-mapped registers, for `cargo xtask size`
//! and `cargo xtask panics`: they look at the code that the compiler makes of it.
//!
//! Rings know no model, so that their operations are here once. The others are here for each model and
//! for `Any`; `program` is all of them together, and all rings with it: what choosing the model while
//! running costs is the difference between two programs.
//!
//! Nothing here is called.
#![no_std]

use vmdq::bus::Mmio;
use vmdq::device::Model;
use vmdq::dma::{DmaSpace, Identity};
use vmdq::igb::{I82575, I82576};
use vmdq::ixgbe::I82598;
use vmdq::ring::{
    BufferPool, BufferSize, Burst, Exchange, ForwardedFrame, Frame, InPlace, RingMemory, RxRing, SendError,
    TxRing,
};
use vmdq::targeted::{TargetedBurst, TargetedRing};
use vmdq::vmm::{GuestMemory, GuestRange, NotOwned, VmId, Vmm};
use vmdq::{
    Any, BindError, BindingId, Config, Diagnosis, FilterError, FilterSlot, FilterTable, Host, Idle,
    InitError, MacAddress, NotStarted, OtherPort, Pool, Port, Ready, Refused, Reset, Resources, Running,
    StartError, Started, StopError, Stopped, Vmdq, WaitWith,
};

/// A platform whose way to wait is no part of an operation.
type Machine = Host<Mmio, Identity, WaitWith>;
type Rx = RxRing<Machine>;
type Tx = TxRing<Machine>;
type Ring = &'static mut RingMemory<256>;

/// What a forwarder is for; unicast alone, so that frames are dropped, too.
fn reflect(frame: &mut ForwardedFrame<'_>) -> bool {
    let (to, from) = frame.header_mut().split_at_mut(6);
    to.swap_with_slice(&mut from[..6]);
    frame.header()[6] & 1 == 0
}

#[unsafe(export_name = "probe_rings_receive")]
fn receive(rx: &mut Rx, burst: &mut Burst<32>) -> usize {
    rx.receive(burst)
}

#[unsafe(export_name = "probe_rings_receive_replacing")]
fn receive_replacing(rx: &mut Rx, burst: &mut Burst<32>, pool: &mut BufferPool) -> usize {
    rx.receive_replacing(burst, 32, pool)
}

#[unsafe(export_name = "probe_rings_receive_one")]
fn receive_one(rx: &mut Rx, pool: &mut BufferPool) -> Option<Frame> {
    rx.receive_one(pool)
}

#[unsafe(export_name = "probe_rings_refill")]
fn refill(rx: &mut Rx, pool: &mut BufferPool) -> usize {
    rx.refill(pool)
}

#[unsafe(export_name = "probe_rings_send")]
fn send(tx: &mut Tx, burst: &mut Burst<32>) -> Result<usize, SendError> {
    tx.send(burst)
}

#[unsafe(export_name = "probe_rings_send_one")]
fn send_one(tx: &mut Tx, frame: Frame) -> Result<(), Refused<SendError, Frame>> {
    tx.send_one(frame)
}

#[unsafe(export_name = "probe_rings_reclaim")]
fn reclaim(tx: &mut Tx, pool: &mut BufferPool) -> usize {
    tx.reclaim(pool)
}

#[unsafe(export_name = "probe_rings_exchange")]
fn exchange(forwarder: &mut Exchange<Rx, Tx>) -> usize {
    forwarder.forward(32, reflect)
}

#[unsafe(export_name = "probe_rings_in_place")]
fn in_place(forwarder: &mut InPlace<Rx, Tx>) -> usize {
    forwarder.forward(32, reflect)
}

#[unsafe(export_name = "probe_rings_targeted_receive")]
fn targeted_receive(rx: &mut TargetedRing<Machine, Pinned>, burst: &mut TargetedBurst<32>) -> usize {
    rx.receive(burst)
}

#[unsafe(export_name = "probe_rings_targeted_refill")]
fn targeted_refill(rx: &mut TargetedRing<Machine, Pinned>, headers: &mut BufferPool) -> usize {
    rx.refill(headers)
}

/// A hypervisor whose work is no part of an operation.
struct Pinned;

impl GuestMemory for Pinned {
    fn validate(&self, _: VmId, _: GuestRange) -> Result<(), NotOwned> {
        Err(NotOwned)
    }

    fn read(&self, _: VmId, _: u64, _: &mut [u8]) -> Result<(), NotOwned> {
        Err(NotOwned)
    }

    fn write(&self, _: VmId, _: u64, _: &[u8]) -> Result<(), NotOwned> {
        Err(NotOwned)
    }

    fn notify(&self, _: VmId) {}
}

// SAFETY: it maps nothing.
unsafe impl Vmm for Pinned {
    fn map<D: DmaSpace>(&self, _: VmId, _: GuestRange, _: &D) -> Option<u64> {
        None
    }

    unsafe fn unmap<D: DmaSpace>(&self, _: VmId, _: GuestRange, _: u64, _: &D) {}
}

/// A program that does everything once.
#[inline(always)]
fn everything<M: Model>(
    model: M,
    machine: Machine,
    memory: (Ring, Ring),
    buffers: &mut BufferPool,
) -> Result<Port<M, Machine, Ready>, &'static str> {
    // SAFETY: nothing here is called.
    let port = unsafe { Port::new(model, machine) };
    let mut port = port.init(&Config::DEFAULT).map_err(|_| "init")?;
    if !port.bring_link_up(5000).is_up() {
        return Err("no link");
    }
    let Resources { mut port, pools, filters, mut table, vectors, .. } = port.enable();
    let mut parts = port.parts();
    let mut pools = pools.into_iter();
    let mut filters = filters.into_iter();
    let mut vectors = vectors.into_iter();
    let pool = pools.next().ok_or("no pool")?;
    let size = buffers.size();
    let Started { mut rx, mut tx, pool } = port.start(pool, memory.0, memory.1, size).map_err(|_| "start")?;
    let slot = filters.next().ok_or("no filter")?;
    let id = table.bind(slot, MacAddress([2, 0, 0, 0, 0, 1]), &pool).map_err(|_| "bind")?;
    table.move_to(id, &pool).map_err(|_| "move")?;
    let mut vector = vectors.next().ok_or("no vector")?;
    port.route(&mut vector, &pool).map_err(|_| "route")?;
    port.route_others(&mut vector).map_err(|_| "route")?;
    vector.unmask();
    let mut burst = Burst::<32>::new();
    receive(&mut rx, &mut burst);
    receive_replacing(&mut rx, &mut burst, buffers);
    burst.iter_mut().for_each(|frame| frame.header_mut().rotate_left(6));
    send(&mut tx, &mut burst).map_err(|_| "send")?;
    if let Some(frame) = receive_one(&mut rx, buffers) {
        send_one(&mut tx, frame).map_err(|_| "send")?;
    }
    refill(&mut rx, buffers);
    reclaim(&mut tx, buffers);
    let mut exchanging = Exchange::new(rx, tx, buffers).map_err(|_| "exchange")?;
    exchange(&mut exchanging);
    let (rx, tx) = exchanging.split(buffers).map_err(|_| "split")?;
    let mut staying = InPlace::new(rx, tx, buffers).map_err(|_| "in place")?;
    in_place(&mut staying);
    let (rx, tx) = staying.split(buffers).map_err(|_| "split")?;
    let _ = (port.causes(), port.statistics(), port.plan(&table));
    vector.mask();
    parts.put(table.unbind(id).map_err(|_| "unbind")?).map_err(|_| "slot")?;
    let started = Started { rx, tx, pool };
    let stopped = started.stop(&table, |frame| drop(buffers.put(frame))).map_err(|_| "stop")?;
    parts.put(stopped.pool).map_err(|_| "pool")?;
    parts.put_all(pools).map_err(|_| "pools")?;
    parts.put_all(filters).map_err(|_| "filters")?;
    parts.put(vector).map_err(|_| "vector")?;
    parts.put_all(vectors).map_err(|_| "vectors")?;
    parts.put(table).map_err(|_| "table")?;
    port.disable(parts).map_err(|_| "disable")
}

/// Each operation of a model, with the name of its symbol.
macro_rules! operations {
    ($model:ty: $init:literal $enable:literal $start:literal $stop:literal $bind:literal $unbind:literal
     $diagnose:literal $program:literal) => {
        const _: () = {
            type M = $model;

            #[unsafe(export_name = $init)]
            fn init(
                port: Port<M, Machine, Reset>,
                config: &Config,
            ) -> Result<Port<M, Machine, Ready>, Refused<InitError, Port<M, Machine, Reset>>> {
                port.init(config)
            }

            #[unsafe(export_name = $enable)]
            fn enable(port: Port<M, Machine, Ready>) -> Resources<M, Machine> {
                port.enable()
            }

            #[unsafe(export_name = $start)]
            fn start(
                port: &Port<M, Machine, Vmdq>,
                pool: Pool<M, Machine, Idle>,
                rx: Ring,
                tx: Ring,
                size: BufferSize,
            ) -> Result<Started<M, Machine>, Refused<StartError, NotStarted<M, Machine>>> {
                port.start(pool, rx, tx, size)
            }

            #[unsafe(export_name = $stop)]
            fn stop(
                started: Started<M, Machine>,
                table: &FilterTable<M, Machine>,
                freed: fn(Frame),
            ) -> Result<Stopped<M, Machine>, Refused<StopError, Started<M, Machine>>> {
                started.stop(table, freed)
            }

            #[unsafe(export_name = $bind)]
            fn bind(
                table: &mut FilterTable<M, Machine>,
                slot: FilterSlot<M>,
                address: MacAddress,
                pool: &Pool<M, Machine, Running>,
            ) -> Result<BindingId, Refused<BindError, FilterSlot<M>>> {
                table.bind(slot, address, pool)
            }

            #[unsafe(export_name = $unbind)]
            fn unbind(
                table: &mut FilterTable<M, Machine>,
                id: BindingId,
            ) -> Result<FilterSlot<M>, FilterError> {
                table.unbind(id)
            }

            #[unsafe(export_name = $diagnose)]
            fn diagnose(
                port: &mut Port<M, Machine, Vmdq>,
                started: &Started<M, Machine>,
                table: &FilterTable<M, Machine>,
            ) -> Result<Diagnosis, OtherPort> {
                port.diagnose(&started.pool, &started.rx, &started.tx, table)
            }

            #[unsafe(export_name = $program)]
            fn program(
                model: M,
                machine: Machine,
                memory: (Ring, Ring),
                buffers: &mut BufferPool,
            ) -> Result<Port<M, Machine, Ready>, &'static str> {
                everything(model, machine, memory, buffers)
            }
        };
    };
}

operations!(I82575:
    "probe_82575_init" "probe_82575_enable" "probe_82575_start" "probe_82575_stop"
    "probe_82575_bind" "probe_82575_unbind" "probe_82575_diagnose" "probe_82575_program"
);
operations!(I82576:
    "probe_82576_init" "probe_82576_enable" "probe_82576_start" "probe_82576_stop"
    "probe_82576_bind" "probe_82576_unbind" "probe_82576_diagnose" "probe_82576_program"
);
operations!(I82598:
    "probe_82598_init" "probe_82598_enable" "probe_82598_start" "probe_82598_stop"
    "probe_82598_bind" "probe_82598_unbind" "probe_82598_diagnose" "probe_82598_program"
);
operations!(Any:
    "probe_any_init" "probe_any_enable" "probe_any_start" "probe_any_stop"
    "probe_any_bind" "probe_any_unbind" "probe_any_diagnose" "probe_any_program"
);
