//! Machines on which a driver must do things in their order, and tell of what it hands over.
//!
//! The controller has copies of all buffers, which change hands only when the driver says so
//! ([`Incoherent`]). Each check runs there with a controller that acts in its own time, and with one that
//! has done everything it can when a register write returns ([`Sim::eager`]): a descriptor, or the request
//! for a report, that is written after the tail that covers it comes too late. Everywhere it ends with all
//! memory unmapped, nothing synchronised too little or too much, and no violation of the datasheet.

#[path = "../common/mod.rs"]
mod common;

mod joined;
mod plain;
mod targeted;

use common::{Concrete, Setup};
use vmdq_sim::{Incoherent, PlatformOf, Sim, Testbed};

/// The test bed of all checks.
type Bed = Incoherent<Sim>;
type Machine = PlatformOf<Bed>;
type Machines<M> = Setup<M, Machine, Bed>;

/// Ends a check.
fn finish<M: Concrete>(setup: Machines<M>) {
    let (bed, _) = setup.disable();
    assert_eq!(bed.mistakes(), [""; 0]);
}

/// What has gone out since the last call.
fn sent<M: Concrete>(setup: &mut Machines<M>) -> Vec<Vec<u8>> {
    let _ = setup.bed.settle();
    setup.bed.take_sent().into_iter().map(|sent| sent.bytes).collect()
}

/// Frames with these numbers for virtual machine 1, of many lengths; some as long as only a tag allows, at
/// which rings have to look twice.
fn frames(numbers: std::ops::Range<u32>) -> Vec<Vec<u8>> {
    let frame = |i| match i % 5 {
        4 => common::tagged(common::vm(1), 7, i, 1518),
        _ => common::frame(common::vm(1), i, 60 + (i as usize * 37) % 1400),
    };
    numbers.map(frame).collect()
}

/// Runs checks on each model.
macro_rules! on_every_model {
    ($($file:ident: $($check:ident),+;)+) => {
        on_model! { i82575, vmdq::igb::I82575, $($file: $($check),+;)+ }
        on_model! { i82576, vmdq::igb::I82576, $($file: $($check),+;)+ }
        on_model! { i82598, vmdq::ixgbe::I82598, $($file: $($check),+;)+ }
    };
}

macro_rules! on_model {
    ($model:ident, $controller:ty, $($file:ident: $($check:ident),+;)+) => {
        mod $model {
            use vmdq_sim::{Incoherent, Sim};

            mod in_its_own_time {
                $($(#[test]
                fn $check() {
                    crate::$file::$check::<$controller>(super::Incoherent::new(super::Sim::$model()));
                })+)+
            }
            mod at_once {
                $($(#[test]
                fn $check() {
                    crate::$file::$check::<$controller>(super::Incoherent::new(super::Sim::$model().eager()));
                })+)+
            }
        }
    };
}

on_every_model! {
    plain:
        bursts_arrive_and_go_out,
        frames_go_one_at_a_time,
        replaced_buffers_are_the_devices,
        posted_buffers_are_used_at_once;
    joined:
        exchanged_frames_are_what_was_written,
        frames_in_place_are_what_was_written;
    targeted:
        replicated_headers_reach_the_program,
        fetched_headers_reach_the_program;
}
