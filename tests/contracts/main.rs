//! Contracts: what a program without `unsafe` relies on, no matter what it does, and what is noticed of a
//! device that is not there, is another one, or goes.
//!
//! What the compiler refuses is in `ui`; here is what shows while running.

#[path = "../common/mod.rs"]
mod common;
#[macro_use]
#[path = "../common/on_every_model.rs"]
mod on_every_model;

mod gone;
mod lives;
mod maps;
mod moved;
mod names;
mod program;
mod shares;
mod unsafe_items;
mod waits;
mod windows;
mod wrong_device;

on_every_model! { making
    gone:
        whenever_the_device_goes_init_says_so,
        whenever_the_device_goes_start_says_so,
        whenever_the_device_goes_stop_says_so,
        whenever_the_device_goes_quiesce_says_so,
        rings_of_a_device_that_went_say_so,
        a_link_of_a_device_that_went_is_down;
    lives:
        a_binding_of_an_earlier_life_is_refused,
        a_binding_of_the_life_before_a_reset_is_refused,
        what_came_back_in_an_earlier_life_is_no_proof,
        rings_of_another_life_are_not_recovered,
        no_ring_is_enabled_once_the_port_is_quiesced;
    maps:
        a_start_that_fails_leaves_nothing_mapped,
        buffers_that_cant_be_mapped_come_back;
    moved:
        no_memory_comes_back_from_a_window_that_moved,
        a_port_whose_window_moved_is_not_quiesced;
    shares:
        a_range_that_another_ring_shares_is_refused,
        each_ring_unmaps_what_it_mapped;
    waits:
        a_stop_waits_for_what_is_under_way,
        a_quiesced_port_has_waited_for_what_is_under_way;
    wrong_device:
        a_window_that_is_not_decoded_is_noticed,
        an_address_that_no_station_has_is_noticed,
        a_missing_bus_master_is_noticed,
        another_model_is_noticed;
}
