//! The program does not do its part at the rings.

use vmdq::Finding;
use vmdq::ring::{Burst, SendError, lost_buffers};
use vmdq_sim::{Settled, Sim, Testbed};

use crate::common::Concrete;
use crate::driver::{BUFFERS, Driver, RING};

/// The pool was started without buffers, and none was posted.
pub(crate) fn no_refill<M: Concrete>(bed: Sim) {
    let platform = bed.platform();
    let mut driver = Driver::<M, _>::start(bed, platform);
    driver.shows(Finding::NeverFilled, "call `refill`");
    assert_eq!(driver.inject(3), Settled::Idle);
    driver.shows(Finding::NeverFilled, "start the pool by `start_with`");
    // The controller counted what it had to drop.
    assert_eq!(driver.diagnose().statistics().no_descriptor, 3);
    driver.refill();
    assert_eq!(driver.inject(3), Settled::Idle);
    driver.is_well();
    assert!(driver.guest.rx.is_ready());
}

/// Buffers are posted once; traffic stops after a ring's length.
pub(crate) fn one_refill<M: Concrete>(bed: Sim) {
    let platform = bed.platform();
    let mut driver = Driver::<M, _>::filled(bed, platform);
    let mut burst = Burst::<32>::new();
    let mut received = 0;
    for _ in 0..4 {
        assert_eq!(driver.inject(20), Settled::Idle);
        while driver.guest.rx.receive(&mut burst) > 0 {
            received += burst.len();
            driver.buffers.put_all(&mut burst);
        }
    }
    assert_eq!(received, RING - 1);
    driver.shows(Finding::NotRefilled, "call `refill` after each receive");
    assert_eq!(driver.diagnose().statistics().no_descriptor, 80 - (RING as u64 - 1));
    driver.refill();
    driver.is_well();
}

/// Nothing is taken out of the ring.
pub(crate) fn no_receive<M: Concrete>(bed: Sim) {
    let platform = bed.platform();
    let mut driver = Driver::<M, _>::filled(bed, platform);
    assert_eq!(driver.inject(RING - 2), Settled::Idle);
    driver.is_well();
    assert_eq!(driver.inject(2), Settled::Idle);
    driver.shows(Finding::NotTaken, "call `receive` more often");
}

/// Frames are dropped instead of being put back: the pool runs out, and the ring with it.
pub(crate) fn a_dropped_burst<M: Concrete>(bed: Sim) {
    let platform = bed.platform();
    let mut driver = Driver::<M, _>::filled(bed, platform);
    let before = lost_buffers();
    let mut received = 0;
    for _ in 0..2 * BUFFERS {
        assert_eq!(driver.inject(1), Settled::Idle);
        let mut burst = Burst::<32>::new();
        received += driver.guest.rx.receive_replacing(&mut burst, 32, &mut driver.buffers);
        drop(burst);
    }
    assert_eq!(received, BUFFERS, "each buffer is used once");
    // Debug builds count; tests of other models may run at the same time.
    let lost = (lost_buffers() - before) as usize;
    assert!(if cfg!(debug_assertions) { lost >= received } else { lost == 0 }, "{lost}");
    assert!(driver.buffers.is_empty());
    driver.shows(Finding::NotRefilled, "if the pool is empty, look for dropped frames");
    // In every build the memory does not come back.
    let refused = driver.memory.release(driver.buffers).expect_err("frames are missing");
    assert!(refused.error.to_string().contains("put"), "{}", refused.error);
}

/// A frame that can't be sent blocks those behind it until it is taken out, and the error says so.
pub(crate) fn a_frame_too_long_at_the_head_of_a_burst<M: Concrete>(bed: Sim) {
    let platform = bed.platform();
    let mut driver = Driver::<M, _>::filled(bed, platform);
    let mut burst = Burst::<4>::new();
    for len in [1600, 60, 61] {
        burst.push(driver.frame(len)).expect("room in the burst");
    }
    for _ in 0..3 {
        let error = driver.guest.tx.send(&mut burst).expect_err("it is too long");
        assert_eq!(error, SendError::Length { len: 1600, sent: 0 });
        assert!(error.to_string().contains("take it out"), "{error}");
        assert_eq!(burst.len(), 3, "nothing is lost");
    }
    let long = burst.pop_first().expect("it is the first");
    driver.buffers.put(long).expect("it came from there");
    assert_eq!(driver.guest.tx.send(&mut burst), Ok(2));
    assert_eq!(driver.bed.settle(), Settled::Idle);
    assert_eq!(driver.bed.take_sent().len(), 2);
    driver.is_idle();
}

/// Sent buffers are never taken back: the ring fills, and the pool runs out.
pub(crate) fn no_reclaim<M: Concrete>(bed: Sim) {
    let platform = bed.platform();
    let mut driver = Driver::<M, _>::filled(bed, platform);
    for _ in 0..RING - 1 {
        driver.is_idle();
        driver.send();
    }
    assert_eq!(driver.inject(1), Settled::Idle);
    driver.shows(Finding::NotReclaimed, "call `reclaim`");
    assert_eq!(driver.guest.tx.reclaim(&mut driver.buffers), RING - 1);
    driver.is_well();
}
