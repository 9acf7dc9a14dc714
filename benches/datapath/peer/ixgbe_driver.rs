//! A peer: `ixgbe-driver` 0.1.1, by its own start-up and its public API.

use std::ptr::NonNull;
use std::sync::atomic::{AtomicPtr, Ordering};
use std::time::Duration;

use ixgbe_driver::{IxgbeDevice, IxgbeHal, IxgbeNetBuf, MemPool, NicDevice, PhysAddr};
use vmdq_bench::{IXGBE, Nic, Registers, pages};
use vmdq_hal::bus::WINDOW;

use crate::subject::{Path, Subject, touch};

const RING: usize = 512;
const BUFFERS: usize = 2048;

/// The register file that waits answer for: the peer's platform trait has no `self`.
static REGISTERS: AtomicPtr<u8> = AtomicPtr::new(std::ptr::null_mut());

struct Platform;

// SAFETY: memory comes from `pages` and is never freed; addresses are pointers.
unsafe impl IxgbeHal for Platform {
    fn dma_alloc(size: usize) -> (PhysAddr, NonNull<u8>) {
        let at = pages(size);
        (at.as_ptr() as usize, at)
    }

    unsafe fn dma_dealloc(_: PhysAddr, _: NonNull<u8>, _: usize) -> i32 {
        0
    }

    unsafe fn mmio_phys_to_virt(paddr: PhysAddr, _: usize) -> NonNull<u8> {
        NonNull::new(paddr as *mut u8).expect("a register file")
    }

    unsafe fn mmio_virt_to_phys(vaddr: NonNull<u8>, _: usize) -> PhysAddr {
        vaddr.as_ptr() as usize
    }

    fn wait_until(_: Duration) -> Result<(), &'static str> {
        let registers = NonNull::new(REGISTERS.load(Ordering::Relaxed)).ok_or("no device")?;
        // SAFETY: stored from a device's register file below.
        unsafe { Registers::from_raw(registers) }.answer();
        Ok(())
    }
}

/// Starts the peer on an 82599 in memory.
pub(crate) fn subject() -> Subject {
    let nic = Nic::new(IXGBE);
    REGISTERS.store(nic.registers().at().as_ptr(), Ordering::Relaxed);
    let pool = MemPool::allocate::<Platform>(BUFFERS, 2048).expect("memory for the peer");
    let base = nic.registers().at().as_ptr() as usize;
    let mut device = IxgbeDevice::<Platform, RING>::init(base, WINDOW as usize, 1, 1, &pool)
        .expect("the peer on a device in memory");
    let mut frames: Vec<IxgbeNetBuf> = Vec::with_capacity(64);
    let burst = Box::new(move |size| {
        let _ = device.recycle_tx_buffers(0);
        let _ = device.receive_packets(0, size, |frame| frames.push(frame));
        for mut frame in frames.drain(..) {
            touch(frame.packet_mut());
            let _ = device.send(0, frame);
        }
    });
    Subject { name: "ixgbe-driver 0.1.1", device: "82599", path: Path::Burst, nic, burst }
}
