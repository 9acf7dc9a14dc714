//! The result as a table for people, as wide as the terminal and at most 110 columns.

use crate::report::{Report, VmReport};
use crate::terminal;

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
/// That many columns of text; all others hold numbers.
const TEXT: usize = 2;
/// The column of addresses, which are not broken.
const ADDRESS: usize = 0;

pub(crate) fn render(report: &Report) -> String {
    render_in(report, terminal::width())
}

fn render_in(report: &Report, width: u16) -> String {
    let rows = report.vms.iter().map(row).chain([totals(&report.vms)]);
    let table = terminal::table(&HEAD, rows, TEXT, ADDRESS, width);
    let mut text = format!("Intel {} with {} virtual machines\n{table}\n", report.device, report.vms.len());
    footer(&mut text, report, width);
    text.truncate(text.trim_end().len());
    text
}

fn row(vm: &VmReport) -> Vec<String> {
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
    vec![vm.mac.clone(), way.into(), seen(frames), seen(bytes), avoided, replicated, copied, refused]
}

fn totals(vms: &[VmReport]) -> Vec<String> {
    let sum = |of: fn(&VmReport) -> u64| vms.iter().map(of).sum::<u64>().to_string();
    vec![
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

fn footer(text: &mut String, report: &Report, width: u16) {
    let mut line = |name: &str, value: String| terminal::line(text, name, &value, width);
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::report::SwitchReport;
    use crate::terminal::{WIDEST, assert_fits};

    fn report() -> Report {
        let vm = |i: u8| VmReport {
            mac: format!("02:00:00:00:00:{i:02x}"),
            targeted: i < 8,
            hostile: i > 13,
            frames: 123_456,
            bytes: 12_345_678,
            digest: String::new(),
            headers_replicated: 12_345,
            bytes_copied: 12_345_678,
            refused_buffers: 1248,
            in_place: 12_345,
            lost: BTreeMap::from([("buffer_not_owned", 374), ("sent_malformed", 170), ("sent_too_long", 59)]),
        };
        let dropped = BTreeMap::from([("buffer_not_owned", 374), ("unknown_unicast", 800)]);
        let switch = SwitchReport { decisions: 10_678, flooded: 1623, local: 12, dropped };
        Report::of_parts("82598", (1..16).map(vm).collect(), switch)
    }

    #[test]
    fn fits_with_large_numbers() {
        for width in [60, 80, WIDEST] {
            assert_fits(&render_in(&report(), width), width);
        }
    }

    #[test]
    fn no_address_is_broken() {
        let text = render_in(&report(), 60);
        assert!((1..16).all(|i| text.contains(&format!("02:00:00:00:00:{i:02x} "))), "{text}");
    }
}
