//! A peer: `eth-igb` 0.1.1, on an 82576.
//!
//! Its API gives received frames out for reading only, and sends all of a buffer that it makes of a
//! `Vec`: a forwarder copies each frame into a new one. It also reads head and tail registers for
//! each frame, which costs a load here and a round trip over PCIe on a real device.

use std::hint::spin_loop;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, Ordering};
use std::time::Duration;

use dma_api::{Direction, Impl};
use eth_igb::osal::Kernel;
use eth_igb::{Igb, Request, impl_trait};
use vmdq_bench::{IGB, Nic, Registers};

use crate::subject::{Path, Subject, touch};

/// The register file that waits answer for: the peer's platform traits have no `self`.
static REGISTERS: AtomicPtr<u8> = AtomicPtr::new(std::ptr::null_mut());

struct Platform;

impl Impl for Platform {
    fn map(at: NonNull<u8>, _: usize, _: Direction) -> u64 {
        at.as_ptr() as u64
    }
    fn unmap(_: NonNull<u8>, _: usize) {}
    fn flush(_: NonNull<u8>, _: usize) {}
    fn invalidate(_: NonNull<u8>, _: usize) {}
}
dma_api::set_impl!(Platform);

impl_trait! {
    impl Kernel for Platform {
        fn sleep(_pause: Duration) {
            if let Some(registers) = NonNull::new(REGISTERS.load(Ordering::Relaxed)) {
                // SAFETY: stored from a device's register file below.
                unsafe { Registers::from_raw(registers) }.answer();
            }
        }
    }
}

/// Answers for the PHY while `during` runs: it waits for MDIC without a pause in which the device
/// could answer.
fn with_phy<T>(registers: NonNull<u8>, during: impl FnOnce() -> T) -> T {
    const MDIC: usize = 0x20;
    const OP: u32 = 3 << 26;
    const READY: u32 = 1 << 28;
    const STATUS: u32 = 1;
    const NEGOTIATED: u32 = 1 << 5;
    // SAFETY: inside the register file, which is never freed.
    let mdic = unsafe { AtomicU32::from_ptr(registers.as_ptr().add(MDIC).cast()) };
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Acquire) {
                let command = mdic.load(Ordering::Acquire);
                if command & OP != 0 && command & READY == 0 {
                    let register = command >> 16 & 0x1f;
                    let data = if register == STATUS { NEGOTIATED } else { 0 };
                    let answer = command | READY | data;
                    let _ = mdic.compare_exchange(command, answer, Ordering::AcqRel, Ordering::Relaxed);
                }
                spin_loop();
            }
        });
        let result = during();
        done.store(true, Ordering::Release);
        result
    })
}

/// Starts the peer on an 82576 in memory.
pub(crate) fn subject() -> Subject {
    let nic = Nic::new(IGB);
    let registers = nic.registers().at();
    REGISTERS.store(registers.as_ptr(), Ordering::Relaxed);
    let mut igb = Igb::new(registers).expect("the peer on a device in memory");
    with_phy(registers, || igb.open()).expect("the peer opens a device in memory");
    let (mut tx, mut rx) = igb.new_ring().expect("the peer's rings");
    for _ in 0..rx.request_max_count() {
        rx.submit(Request::new_rx(vec![0; rx.packet_size()])).expect("room for a buffer");
    }
    let burst = Box::new(move |size| {
        while tx.next_finished().is_some() {}
        for _ in 0..size {
            let Some(frame) = rx.next_pkt() else { break };
            let mut copy = frame.to_vec();
            frame.re_submit().expect("room for the buffer that was taken out");
            touch(&mut copy);
            let _ = tx.send(Request::new_tx(copy));
        }
    });
    Subject { name: "eth-igb 0.1.1", device: "82576", path: Path::Burst, nic, burst }
}
