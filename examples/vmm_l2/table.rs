//! The result as a table for people, at most 110 columns wide.

use std::fmt::Write;

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{Cell, CellAlignment, ContentArrangement, Table};

use crate::report::{Report, VmReport};

const HEAD: [&str; 8] = [
    "virtual machine",
    "frames by",
    "frames",
    "bytes",
    "copies\navoided",
    "headers\nreplicated",
    "bytes\ncopied",
    "refused\nbuffers",
];
/// The widest that the table gets.
const WIDTH: u16 = 110;
/// So many columns of text; all others hold numbers.
const TEXT: usize = 2;

pub(crate) fn render(report: &Report) -> String {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED.with_rounded_corners());
    table.set_content_arrangement(ContentArrangement::Dynamic).set_width(WIDTH);
    table.set_header(HEAD.map(|head| Cell::new(head).set_alignment(CellAlignment::Center)));
    for vm in &report.vms {
        table.add_row(row(vm));
    }
    table.add_row(totals(&report.vms));
    for column in table.column_iter_mut().skip(TEXT) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let mut text = format!("Intel {} with {} virtual machines\n{table}\n", report.device, report.vms.len());
    footer(&mut text, report);
    text.truncate(text.trim_end().len());
    text
}

fn row(vm: &VmReport) -> [String; 8] {
    let numbers =
        [vm.frames, vm.bytes, vm.in_place, vm.headers_replicated, vm.bytes_copied, vm.refused_buffers];
    let [frames, bytes, avoided, replicated, copied, refused] = numbers.map(|number| number.to_string());
    // What a hostile machine has received it knows alone.
    let seen = |number| if vm.hostile { "-".into() } else { number };
    let way = match (vm.targeted, vm.hostile) {
        (true, false) => "sharing",
        (false, false) => "copy",
        (true, true) => "sharing, hostile",
        (false, true) => "copy, hostile",
    };
    [vm.mac.clone(), way.into(), seen(frames), seen(bytes), avoided, replicated, copied, refused]
}

fn totals(vms: &[VmReport]) -> [String; 8] {
    let sum = |of: fn(&VmReport) -> u64| vms.iter().map(of).sum::<u64>().to_string();
    [
        "total".into(),
        String::new(),
        sum(|vm| vm.frames),
        sum(|vm| vm.bytes),
        sum(|vm| vm.in_place),
        sum(|vm| vm.headers_replicated),
        sum(|vm| vm.bytes_copied),
        sum(|vm| vm.refused_buffers),
    ]
}

fn footer(text: &mut String, report: &Report) {
    let mut line = |name: &str, value: String| {
        let _ = writeln!(text, "{name:<12} {value}");
    };
    let switch = &report.switch;
    let (decisions, flooded, local) = (switch.decisions, switch.flooded, switch.local);
    line("switch", format!("{decisions} decisions, {flooded} frames flooded, {local} local"));
    let dropped: Vec<_> =
        switch.dropped.iter().map(|(reason, frames)| format!("{reason} {frames}")).collect();
    line("dropped", if dropped.is_empty() { "nothing".into() } else { dropped.join(", ") });
    for vm in report.vms.iter().filter(|vm| !vm.lost.is_empty()) {
        let lost: Vec<_> = vm.lost.iter().map(|(reason, frames)| format!("{reason} {frames}")).collect();
        line("", format!("{} of these: {}", vm.mac, lost.join(", ")));
    }
    line("violations", report.violations.len().to_string());
    report.violations.iter().take(10).for_each(|violation| line("", violation.clone()));
}
