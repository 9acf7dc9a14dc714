//! Targeted receive: frames are received into buffers that virtual machines shared, and nowhere else, no
//! matter what the machines, the device and the traffic do.
//!
//! Each check is a test of its own on each of the models. Everywhere it ends with all queues stopped,
//! all memory unmapped and given back, and no violation recorded: neither of the datasheet nor of the
//! contract of `Vmm`.

#[path = "../common/mod.rs"]
mod common;
#[macro_use]
#[path = "../common/on_every_model.rs"]
mod on_every_model;

mod account;
mod changes;
mod headers;
mod hypervisor;
mod isolation;
mod life;
mod sharing;
mod targeted_queue;
mod trust;
mod vm;
mod watch;
mod world;

pub(crate) use hypervisor::{Hypervisor, Shape};
pub(crate) use targeted_queue::{Got, How, Targeted};

on_every_model! {
    headers:
        the_header_is_in_the_io_containers_memory,
        what_the_device_recognises_is_replicated,
        without_replication_the_same_frames_arrive,
        the_device_does_it_alone,
        a_rewritten_frame_does_not_change_its_header,
        a_removed_tag_comes_with_the_header,
        an_error_comes_with_the_header,
        groups_end_where_tags_or_errors_change,
        a_header_out_of_the_machine_is_indicated_as_its_own,
        frames_cost_no_register_read;
    sharing:
        what_is_refused_reaches_no_descriptor,
        a_free_id_is_used_again,
        buffers_go_round,
        any_held_buffer_can_be_relinquished,
        a_reserve_is_left_for_copies,
        no_header_buffer_no_frame,
        a_machine_that_shares_too_little_costs_only_itself,
        order_holds_over_many_rounds,
        the_model_sees_who_unmaps_too_early;
    life:
        all_is_unmapped_after_the_stop_was_seen,
        a_queue_without_traffic_is_diagnosed,
        a_bound_queue_does_not_stop,
        rings_of_another_queue_do_not_stop,
        what_is_another_ports_stops_nothing,
        a_queue_that_does_not_stop_stays_mapped,
        a_stop_can_be_tried_again,
        without_a_link_there_is_a_way_out,
        a_quiesced_port_is_proof_enough,
        a_device_that_never_comes_to_rest_keeps_all_memory,
        what_was_not_started_comes_back;
    changes:
        a_queue_passes_from_machine_to_machine,
        a_queue_changes_at_run_time,
        targeted_and_ordinary_queues_side_by_side,
        a_ring_moves_to_another_thread;

    trust:
        any_length_may_be_claimed,
        a_header_of_any_length_may_be_claimed,
        a_header_that_was_not_asked_for_is_not_believed,
        a_frame_without_end_costs_itself_and_the_next,
        a_done_bit_without_a_frame_costs_frames,
        lies_in_a_row_leave_the_ring_sound,
        lies_about_one_machines_frames_cost_no_other,
        a_dead_machine_costs_only_itself,
        a_machine_that_rewrites_its_buffers_costs_only_itself,
        wrong_ids_change_nothing;
}
