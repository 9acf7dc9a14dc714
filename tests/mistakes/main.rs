//! Mistakes that are made with the library, each on purpose, and what the user then sees.
//!
//! A mistake either does not compile (`../ui`, where the memory of a ring in a plain `static` is), or is an
//! error, or is what `Port::diagnose` finds. Nothing is silent.

#[path = "../common/mod.rs"]
mod common;

mod driver;
mod interrupts;
mod machine;
mod memory;
mod qemu;
mod rings;
mod states;

/// Runs tests on one model.
macro_rules! run {
    ($controller:ty, $bed:path, $($file:ident: $($test:ident),+;)+) => {
        $(mod $file {
            $(#[test]
            fn $test() {
                crate::$file::$test::<$controller>($bed());
            })+
        })+
    };
}

/// Runs tests on each model.
macro_rules! on_every_model {
    ($($tests:tt)+) => {
        mod i82575 { run! { vmdq::igb::I82575, vmdq_sim::Sim::i82575, $($tests)+ } }
        mod i82576 { run! { vmdq::igb::I82576, vmdq_sim::Sim::i82576, $($tests)+ } }
        mod i82598 { run! { vmdq::ixgbe::I82598, vmdq_sim::Sim::i82598, $($tests)+ } }
    };
}

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
        a_device_that_is_gone,
        rings_of_another_port,
        counters_that_are_read_twice;
}
