//! Hardware replicates headers on some controllers only; this one is the test's own.

use embedded_hal::delay::DelayNs;
use vmdq::bus::{Bus, Mmio, Offset};
use vmdq::controller::{NotStopped, ReceiveSetup, RingSetup, seal};
use vmdq::dma::Identity;
use vmdq::ring::{BufferSize, RingSpace};
use vmdq::targeted::TargetedSpace;
use vmdq::vmm::VmId;
use vmdq::{Causes, Config, Controller, HeaderSize, Link, MacAddress, Queue, Statistics, TimedOut, Warnings};

/// A controller without hardware header replication.
struct Plain;

impl seal::Family for Plain {}

unsafe impl Controller for Plain {
    type PerQueue<T> = [T; 2];
    type PerFilter<T> = [T; 1];
    type PerVector<T> = [T; 1];
    const NAME: &'static str = "plain";
    const MAX_FRAME: u16 = 1518;
    const RX_ERRORS: u32 = 0;

    fn reset<B: Bus>(_: &B, _: &mut impl DelayNs) -> Result<Warnings, TimedOut> {
        unimplemented!()
    }
    fn init<B: Bus>(_: &B, _: &Config, _: &mut impl DelayNs) {}
    fn address<B: Bus>(_: &B) -> MacAddress {
        unimplemented!()
    }
    fn start_link<B: Bus>(_: &B, _: &mut impl DelayNs) {}
    fn link<B: Bus>(_: &B) -> Link {
        unimplemented!()
    }
    fn enable_vmdq<B: Bus>(_: &B, _: &Config, _: &mut impl DelayNs) {}
    fn disable_vmdq<B: Bus>(_: &B, _: &mut impl DelayNs) {}
    fn add_filter<B: Bus>(_: &B, _: u8, _: MacAddress, _: u8) {}
    fn move_filter<B: Bus>(_: &B, _: u8, _: MacAddress, _: u8) {}
    fn remove_filter<B: Bus>(_: &B, _: u8) {}
    fn rx_tail(_: u8) -> Offset {
        unimplemented!()
    }
    fn tx_tail(_: u8) -> Offset {
        unimplemented!()
    }
    fn tx_context(_: u8) -> u8 {
        unimplemented!()
    }
    fn first_descriptors<B: Bus>(_: &B, _: u8) -> (u32, u32) {
        unimplemented!()
    }
    unsafe fn start_rx<B: Bus>(
        _: &B,
        _: RingSetup,
        _: ReceiveSetup<Self>,
        _: &mut impl DelayNs,
    ) -> Result<bool, TimedOut> {
        unimplemented!()
    }
    fn stop_rx<B: Bus>(_: &B, _: u8, _: bool, _: &mut impl DelayNs) -> Result<(), NotStopped> {
        unimplemented!()
    }
    unsafe fn start_tx<B: Bus>(_: &B, _: RingSetup, _: &mut impl DelayNs) -> Result<bool, TimedOut> {
        unimplemented!()
    }
    fn stop_tx<B: Bus>(_: &B, _: u8, _: bool, _: &mut impl DelayNs) -> Result<(), NotStopped> {
        unimplemented!()
    }
    fn silence<B: Bus>(_: &B, _: &mut impl DelayNs) -> Result<(), TimedOut> {
        unimplemented!()
    }
    fn statistics<B: Bus>(_: &B, _: &mut Statistics) {}
    fn route_queue<B: Bus>(_: &B, _: u8, _: u8) {}
    fn route_others<B: Bus>(_: &B, _: u8) {}
    fn vector_mask<B: Bus>(_: &B, _: u8, _: u64) -> u32 {
        unimplemented!()
    }
    fn unmask<B: Bus>(_: &B, _: u32) {}
    fn mask<B: Bus>(_: &B, _: u32) {}
    fn fire<B: Bus>(_: &B, _: u32) {}
    fn causes<B: Bus>(_: &B) -> Causes {
        unimplemented!()
    }
}

fn header(queue: Queue<Plain, Mmio>) {
    let _ = queue.largest_header_buffer();
    let _ = HeaderSize::<Plain>::new(64);
}

fn targeted(
    queue: Queue<Plain, Mmio>,
    rx: TargetedSpace,
    tx: RingSpace,
    size: BufferSize,
    headers: HeaderSize<Plain>,
    dma: Identity,
    delay: &mut impl DelayNs,
) {
    let _ = queue.start_targeted(rx, tx, VmId(1), size, headers, dma, delay);
}

fn main() {}
