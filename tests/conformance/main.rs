//! One body of driver and test code on every model and on QEMU's `igb`.
//!
//! Each check is generic over controller and test bed, and is a test of its own on each of them.
//! Everywhere it ends with all queues stopped, all memory given back, and no violation of the
//! datasheet recorded.
//!
//! Where there is no QEMU, its checks are left out, and one line says so; under `CI=true` that is a
//! failure.

#[path = "../common/mod.rs"]
mod common;

mod bed;
mod descriptors;
mod interrupts;
mod life;
mod limits;
mod ports;
mod qemu_departures;
mod quiesce;
mod replication;
mod sorting;
mod tags;
mod transmit;

/// Runs checks on a bed: `name: controller, how the bed is made, the checks`.
macro_rules! run {
    ($controller:ty, $bed:expr, $($file:ident: $($check:ident),+;)+) => {
        $(mod $file {
            $(#[test]
            fn $check() {
                if let Some(bed) = $bed {
                    crate::$file::$check::<$controller, _>(bed);
                }
            })+
        })+
    };
}

/// The body: every check that every controller and every bed must pass.
macro_rules! conforms {
    ($name:ident: $controller:ty, $bed:expr; $($file:ident: $($check:ident),+;)*) => {
        mod $name {
            run! { $controller, $bed,
                life: comes_out_of_reset, filters_of_earlier_software_lead_nowhere, says_what_it_was_given, configuration_out_of_range_is_refused,
                    nothing_arrives_before_a_queue_runs, a_queue_stops_and_starts_again,
                    a_queue_restarts_on_the_memory_it_gave_back, goes_off_and_on_again,
                    starts_over_from_reset, a_bound_queue_does_not_stop,
                    buffers_too_small_for_the_limit_are_refused;
                sorting: each_address_to_its_queue, an_address_may_share_a_queue,
                    tags_make_no_difference, broadcast_multicast_and_strangers_to_the_default_queue,
                    promiscuous_mode_keeps_sorting, a_removed_filter_leads_to_the_default_queue,
                    a_filter_moves, a_slot_is_used_again, every_slot_sorts,
                    mac_control_frames_are_delivered, counts_what_arrives;
                descriptors: a_full_queue_drops_and_the_others_go_on, order_holds_over_many_rounds;
                tags: removed_tags_come_with_the_frames, one_tag_is_removed_and_no_other_type,
                    tags_stay_unless_removal_is_asked_for, groups_never_mix_removed_tags;
                limits: the_default_limit_is_exact, a_jumbo_limit_is_exact, the_largest_limit_is_exact,
                    the_least_limit_is_exact, the_limit_is_that_of_the_wire, the_shortest_frame_arrives;
                transmit: every_queue_sends_in_order, sent_buffers_come_back, a_full_ring_takes_no_more,
                    frames_of_wrong_length_are_not_sent, a_tagged_frame_of_full_length_is_sent,
                    a_stop_brings_unsent_buffers_home, counts_what_is_sent;
                interrupts: vectors_are_routed, the_other_causes_are_told_once;
                quiesce: a_quiesced_port_gives_memory_back, a_quiesced_port_starts_over,
                    a_plan_is_restored_after_a_reset, a_plan_names_what_has_to_be_there,
                    what_did_not_come_back_is_named;
                ports: slots_of_another_port_are_refused, pools_of_another_port_are_refused,
                    rings_of_another_port_are_refused, rings_of_another_queue_are_refused,
                    parts_of_another_port_are_refused, parts_behind_a_foreign_one_are_taken, quiescence_of_another_port_is_no_proof,
                    a_filter_of_another_port_is_not_touched;
            }
            mod also {
                run! { $controller, $bed, $($file: $($check),+;)* }
            }
        }
    };
}

conforms! { i82575: vmdq::igb::I82575, Some(vmdq_sim::Sim::i82575());
    sorting: what_is_not_accepted_is_dropped, what_is_accepted_changes_at_run_time;
    tags: strangers_lose_their_tags_as_soon_as_they_are_let_in, no_tag_stays_in_a_frame_meanwhile;
    descriptors: the_default_queue_blocks_if_asked_to, dropped_frames_are_counted;
    replication: headers_are_replicated_while_asked_for, header_buffers_have_the_models_sizes;
    quiesce: a_plan_is_restored_after_a_reset_from_outside,
        a_device_that_does_not_come_to_rest_keeps_its_memory;
    transmit: queues_take_turns, short_frames_are_padded;
    interrupts: every_vector_can_be_masked_and_fired, a_frame_interrupts_its_queues_vector,
        a_sent_frame_interrupts_its_queues_vector, queues_share_a_vector, the_link_interrupts,
        a_queue_leaves_its_old_vector, an_interrupt_is_not_lost_to_the_other_causes;
}
conforms! { i82576: vmdq::igb::I82576, Some(vmdq_sim::Sim::i82576());
    sorting: what_is_not_accepted_is_dropped, what_is_accepted_changes_at_run_time,
        another_queue_becomes_the_default_one;
    tags: strangers_lose_their_tags_as_soon_as_they_are_let_in, no_tag_stays_in_a_frame_meanwhile,
        another_default_queue_removes_tags_too;
    descriptors: the_default_queue_blocks_if_asked_to, dropped_frames_are_counted,
        blocking_follows_the_default_queue;
    replication: headers_are_replicated_while_asked_for, header_buffers_have_the_models_sizes;
    quiesce: a_plan_is_restored_after_a_reset_from_outside,
        a_device_that_does_not_come_to_rest_keeps_its_memory;
    transmit: queues_take_turns, short_frames_are_padded;
    interrupts: every_vector_can_be_masked_and_fired, a_frame_interrupts_its_queues_vector,
        a_sent_frame_interrupts_its_queues_vector, queues_share_a_vector, the_link_interrupts,
        a_queue_leaves_its_old_vector, an_interrupt_is_not_lost_to_the_other_causes;
}
conforms! { i82598: vmdq::ixgbe::I82598, Some(vmdq_sim::Sim::i82598());
    sorting: what_is_not_accepted_is_dropped;
    descriptors: the_default_queue_blocks_if_asked_to, dropped_frames_are_counted;
    replication: headers_are_replicated_while_asked_for, header_buffers_have_the_models_sizes;
    quiesce: a_plan_is_restored_after_a_reset_from_outside,
        a_device_that_does_not_come_to_rest_keeps_its_memory;
    transmit: queues_take_turns, short_frames_are_padded;
    interrupts: every_vector_can_be_masked_and_fired, a_frame_interrupts_its_queues_vector,
        a_sent_frame_interrupts_its_queues_vector, queues_share_a_vector, the_link_interrupts,
        a_queue_leaves_its_old_vector, an_interrupt_is_not_lost_to_the_other_causes;
}
conforms! { qemu: vmdq::igb::I82576, crate::bed::qemu();
    sorting: another_queue_becomes_the_default_one;
    tags: another_default_queue_removes_tags_too;
}

/// Models that replicate no header although they are asked to.
mod without_replication {
    use vmdq_sim::Sim;

    macro_rules! without {
        ($name:ident: $controller:ty, $bed:expr) => {
            #[test]
            fn $name() {
                crate::replication::frames_arrive_whole_without::<$controller, _>($bed.without_replication());
            }
        };
    }
    without! { i82575: vmdq::igb::I82575, Sim::i82575() }
    without! { i82576: vmdq::igb::I82576, Sim::i82576() }
    without! { i82598: vmdq::ixgbe::I82598, Sim::i82598() }
}
