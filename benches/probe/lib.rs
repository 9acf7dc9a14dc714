//! One function for each operation of the HALs over memory-mapped registers, for `cargo xtask size`
//! and `cargo xtask panics`: they look at the code that the compiler makes of it.
//!
//! Nothing here is called.
#![no_std]

use embedded_hal::delay::DelayNs;
use igb_hal::I82576;
use ixgbe_hal::I82598;
use vmdq_hal::bus::Mmio;
use vmdq_hal::dma::Identity;
use vmdq_hal::ring::{
    BufferPool, BufferSize, Burst, Exchange, Frame, InPlace, Passing, RingMemory, RxRing, SendError, TxRing,
};
use vmdq_hal::{
    BindError, BindingId, Config, FilterError, FilterSlot, FilterTable, InitError, MacAddress, Pool, Port,
    Queue, Ready, Reset, Resources, Running, StartError, StopError, Stopped,
};

/// A platform's way to wait: its code is no part of an operation.
#[derive(Debug)]
pub struct Wait(pub fn(u32));

impl DelayNs for Wait {
    fn delay_ns(&mut self, ns: u32) {
        (self.0)(ns);
    }
}

/// What a forwarder is for; unicast alone, so that frames are dropped, too.
fn reflect(frame: &mut Passing<'_>) -> bool {
    let (to, from) = frame.header_mut().split_at_mut(6);
    to.swap_with_slice(&mut from[..6]);
    frame.header()[6] & 1 == 0
}

/// Each operation of a model, with the name of its symbol.
macro_rules! operations {
    ($model:ty: $init:literal $enable:literal $start:literal $stop:literal $bind:literal $unbind:literal
     $receive:literal $receive_replacing:literal $receive_one:literal $refill:literal
     $send:literal $send_one:literal $reclaim:literal $exchange:literal $in_place:literal) => {
        const _: () = {
            type C = $model;
            type Rx = RxRing<C, Mmio, Identity>;
            type Tx = TxRing<C, Mmio, Identity>;
            type Ring = &'static mut RingMemory<256>;

            #[unsafe(export_name = $init)]
            fn init(
                port: Port<C, Mmio, Reset>,
                config: &Config,
                wait: &mut Wait,
            ) -> Result<Port<C, Mmio, Ready>, (InitError, Port<C, Mmio, Reset>)> {
                port.init(config, wait)
            }

            #[unsafe(export_name = $enable)]
            fn enable(port: Port<C, Mmio, Ready>, wait: &mut Wait) -> Resources<C, Mmio> {
                port.enable(wait)
            }

            #[unsafe(export_name = $start)]
            fn start(
                queue: Queue<C, Mmio>,
                rx: Ring,
                tx: Ring,
                size: BufferSize,
                dma: Identity,
                wait: &mut Wait,
            ) -> Result<Running<C, Mmio, Identity>, (StartError, Option<Stopped<C, Mmio>>)> {
                queue.start(rx, tx, size, dma, wait)
            }

            #[unsafe(export_name = $stop)]
            fn stop(
                pool: Pool<C, Mmio>,
                rx: Rx,
                tx: Tx,
                table: &FilterTable<C, Mmio>,
                wait: &mut Wait,
                freed: fn(Frame),
            ) -> Result<Stopped<C, Mmio>, (StopError, Option<Running<C, Mmio, Identity>>)> {
                pool.stop(rx, tx, table, wait, freed)
            }

            #[unsafe(export_name = $bind)]
            fn bind(
                table: &mut FilterTable<C, Mmio>,
                slot: FilterSlot<C>,
                address: MacAddress,
                pool: &Pool<C, Mmio>,
            ) -> Result<BindingId, (BindError, FilterSlot<C>)> {
                table.bind(slot, address, pool)
            }

            #[unsafe(export_name = $unbind)]
            fn unbind(table: &mut FilterTable<C, Mmio>, id: BindingId) -> Result<FilterSlot<C>, FilterError> {
                table.unbind(id)
            }

            #[unsafe(export_name = $receive)]
            fn receive(rx: &mut Rx, burst: &mut Burst<32>) -> usize {
                rx.receive(burst)
            }

            #[unsafe(export_name = $receive_replacing)]
            fn receive_replacing(rx: &mut Rx, burst: &mut Burst<32>, pool: &mut BufferPool) -> usize {
                rx.receive_replacing(burst, 32, pool)
            }

            #[unsafe(export_name = $receive_one)]
            fn receive_one(rx: &mut Rx, pool: &mut BufferPool) -> Option<Frame> {
                rx.receive_one(pool)
            }

            #[unsafe(export_name = $refill)]
            fn refill(rx: &mut Rx, pool: &mut BufferPool) -> usize {
                rx.refill(pool)
            }

            #[unsafe(export_name = $send)]
            fn send(tx: &mut Tx, burst: &mut Burst<32>) -> Result<usize, SendError> {
                tx.send(burst)
            }

            #[unsafe(export_name = $send_one)]
            fn send_one(tx: &mut Tx, frame: Frame) -> Result<(), (SendError, Frame)> {
                tx.send_one(frame)
            }

            #[unsafe(export_name = $reclaim)]
            fn reclaim(tx: &mut Tx, pool: &mut BufferPool) -> usize {
                tx.reclaim(pool)
            }

            #[unsafe(export_name = $exchange)]
            fn exchange(forwarder: &mut Exchange<Rx, Tx>) -> usize {
                forwarder.forward(32, reflect)
            }

            #[unsafe(export_name = $in_place)]
            fn in_place(forwarder: &mut InPlace<Rx, Tx>) -> usize {
                forwarder.forward(32, reflect)
            }
        };
    };
}

operations!(I82576:
    "probe_82576_init" "probe_82576_enable" "probe_82576_start" "probe_82576_stop"
    "probe_82576_bind" "probe_82576_unbind"
    "probe_82576_receive" "probe_82576_receive_replacing" "probe_82576_receive_one" "probe_82576_refill"
    "probe_82576_send" "probe_82576_send_one" "probe_82576_reclaim" "probe_82576_exchange" "probe_82576_in_place"
);
operations!(I82598:
    "probe_82598_init" "probe_82598_enable" "probe_82598_start" "probe_82598_stop"
    "probe_82598_bind" "probe_82598_unbind"
    "probe_82598_receive" "probe_82598_receive_replacing" "probe_82598_receive_one" "probe_82598_refill"
    "probe_82598_send" "probe_82598_send_one" "probe_82598_reclaim" "probe_82598_exchange" "probe_82598_in_place"
);
