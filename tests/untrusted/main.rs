//! The device is not trusted: anything it does costs at most a frame or ends in a typed error,
//! never in a panic, a hang, a freed buffer that it may still write, or a byte outside a buffer.

#[path = "../common/mod.rs"]
mod common;
#[macro_use]
#[path = "../common/on_every_model.rs"]
mod on_every_model;

mod frames;
mod life;
mod registers;

use common::{Concrete, Plan, Setup, SimMachine};
use vmdq::{Port, Reset};
use vmdq_sim::{Sim, Testbed};

/// Longer than any bounded wait of the driver, in nanoseconds of the controller's time.
const HANG: u64 = 10_000_000_000;

type Broken<M> = Setup<M, SimMachine, Sim>;

/// Makes a port that is not initialised.
fn fresh<M: Concrete>(bed: &Sim) -> Port<M, SimMachine, Reset> {
    // SAFETY: the model is a controller of this kind, and confines its DMA.
    unsafe { Port::new(M::default(), bed.platform()) }
}

fn small() -> Plan {
    Plan { descriptors: 64, buffers: 80, ..Plan::default() }
}

on_every_model! {
    life:
        a_reset_that_never_ends_is_an_error,
        a_master_that_never_stops_is_a_warning_at_reset,
        no_device_is_an_error,
        a_device_that_vanishes_after_init_breaks_nothing,
        a_device_that_vanishes_under_traffic_breaks_nothing,
        a_link_that_never_comes_is_down,
        a_queue_that_never_starts_keeps_its_memory,
        a_queue_that_never_stops_keeps_its_memory,
        a_device_that_never_comes_to_rest_keeps_all_memory;
    frames:
        any_length_may_be_claimed,
        a_frame_without_end_costs_itself_and_the_next,
        a_frame_of_errors_is_marked,
        a_done_bit_without_a_frame_costs_frames,
        headers_and_heads_are_not_looked_at,
        lies_in_a_row_leave_the_ring_sound;
    registers:
        a_receive_queue_must_be_seen_to_stop,
        a_transmit_queue_must_be_seen_to_stop,
        a_stop_can_be_tried_again,
        a_queue_must_be_seen_to_start,
        a_broken_head_does_not_hold_the_stop_up;
}
