//! Mistakes that are made with the library, each on purpose, and what the user then sees.
//!
//! A mistake either does not compile (`../ui`, where the memory of a ring in a plain `static` is), or is an
//! error, or is what `Port::diagnose` finds. Nothing is silent.

#[path = "../common/mod.rs"]
mod common;
#[macro_use]
#[path = "../common/on_every_model.rs"]
mod on_every_model;

mod driver;
mod interrupts;
mod machine;
mod memory;
mod qemu;
mod rings;
mod states;

on_every_model! {
    machine:
        bus_master_off_where_the_platform_knows,
        bus_master_off_where_nobody_knows,
        wrong_bar,
        another_model,
        memory_space_off;
    memory:
        dma_addresses_with_an_offset,
        dma_addresses_of_another_machine;
    rings:
        no_refill,
        one_refill,
        no_receive,
        a_dropped_burst,
        a_frame_too_long_at_the_head_of_a_burst,
        no_reclaim;
    interrupts:
        bus_master_off,
        no_unmask,
        no_unmask_after_an_interrupt;
    states:
        a_pool_that_works,
        no_link,
        no_filter,
        a_reset_from_outside,
        one_ring_that_is_off,
        a_device_that_is_gone,
        rings_of_another_port,
        counters_that_are_read_twice;
}
