//! No array of registers leads out of the register window.

use std::panic::catch_unwind;

use proptest::prelude::*;
use vmdq::bus::WINDOW;
use vmdq::reg::{RegArray, Rw, Window};

/// Why an array is refused; `None` if it is not.
fn refused(base: u32, stride: u32, len: u32) -> Option<&'static str> {
    let why = catch_unwind(|| Window::new(base, stride, len)).err()?;
    // Not that a sum overflowed, which is only noticed in debug builds.
    Some(why.downcast_ref::<&'static str>().copied().expect("a reason in plain words"))
}

#[test]
fn arrays_whose_end_wraps_are_refused() {
    let wrap = [
        (0, 0x2_0000, 0x8001),
        (0, 0x8000_0000, 3),
        (4, u32::MAX - 3, 2),
        (0, 4, u32::MAX),
        (u32::MAX - 3, 4, 2),
    ];
    for (base, stride, len) in wrap {
        assert_eq!(refused(base, stride, len), Some("register array leaves the register window"));
    }
    assert_eq!(refused(WINDOW - 8, 4, 2), None);
    assert_eq!(refused(WINDOW - 8, 4, 3), Some("register array leaves the register window"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    /// What is accepted leads to registers of the window alone, where they should be.
    #[test]
    fn arrays_stay_in_the_window(
        base in prop_oneof![0..WINDOW / 4, any::<u32>()],
        stride in prop_oneof![0..64u32, any::<u32>()],
        len in prop_oneof![0..64u32, any::<u32>()],
    ) {
        let (base, stride) = (base.wrapping_mul(4), stride.wrapping_mul(4));
        let last = u64::from(base) + u64::from(stride) * u64::from(len.max(1) - 1);
        prop_assert_eq!(refused(base, stride, len).is_none(), len > 0 && last < u64::from(WINDOW));
        if refused(base, stride, len).is_none() {
            let array = RegArray::<(), Rw>::new(Window::new(base, stride, len));
            for i in [0, len / 2, len - 1] {
                let at = u64::from(base) + u64::from(stride) * u64::from(i);
                prop_assert_eq!(u64::from(array.at(i as usize).offset().bytes()), at);
            }
        }
    }
}
