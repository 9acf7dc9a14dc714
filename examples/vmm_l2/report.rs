//! The report of a run, as JSON, and the checks that decide on the exit status.

use std::collections::BTreeMap;

use anyhow::Result;
use serde::Serialize;

use crate::capture::CaptureError;
use crate::digest::Account;
use crate::hypervisor::{Lost, Machine, Outcome, Totals};
use crate::vm::Identity;

/// What the program of an honest machine has seen.
#[derive(Clone, Debug)]
pub(crate) struct Front {
    pub(crate) account: Account,
    pub(crate) faults: Vec<String>,
}

/// The result of a run. What is serialised, and in which order, others rely on.
#[derive(Serialize, Debug)]
pub(crate) struct Report {
    pub(crate) device: &'static str,
    pub(crate) vms: Vec<VmReport>,
    pub(crate) switch: SwitchReport,
    pub(crate) violations: Vec<String>,
    /// What went wrong; empty if nothing did.
    #[serde(skip)]
    pub(crate) problems: Vec<String>,
    /// The source could not be read at all.
    #[serde(skip)]
    nothing_read: bool,
}

#[derive(Serialize, Debug)]
pub(crate) struct VmReport {
    pub(crate) mac: String,
    pub(crate) targeted: bool,
    pub(crate) hostile: bool,
    /// What its front-end has received; 0 if it is hostile.
    pub(crate) frames: u64,
    pub(crate) bytes: u64,
    pub(crate) digest: String,
    pub(crate) headers_replicated: u64,
    pub(crate) bytes_copied: u64,
    pub(crate) refused_buffers: u64,
    /// Frames that were not copied.
    #[serde(skip)]
    pub(crate) in_place: u64,
    #[serde(skip)]
    pub(crate) lost: Lost,
}

#[derive(Serialize, Debug)]
pub(crate) struct SwitchReport {
    pub(crate) decisions: u64,
    pub(crate) flooded: u64,
    pub(crate) local: u64,
    /// Frames that were lost, to all or to one machine, by reason: those of the controller, of the
    /// switch and of the virtual interfaces.
    pub(crate) dropped: BTreeMap<&'static str, u64>,
}

impl Report {
    /// Draws up the account.
    pub(crate) fn new(
        device: &'static str,
        fronts: Vec<(Identity, Option<Front>)>,
        outcome: Outcome,
    ) -> Self {
        let Outcome { machines, totals, mut violations } = outcome;
        violations.extend(total_faults(&totals, fronts.iter().any(|(identity, _)| identity.hostile)));
        let mut dropped = totals.dropped_before;
        let of_interfaces = machines.iter().flat_map(|machine| &machine.lost);
        for (reason, frames) in totals.dropped_by_switch.iter().chain(of_interfaces) {
            *dropped.entry(reason).or_default() += frames;
        }
        let mut vms = Vec::new();
        for ((identity, front), machine) in fronts.into_iter().zip(machines) {
            violations.extend(machine_faults(&machine, front.as_ref()));
            vms.push(vm(identity, front, machine));
        }
        let problems = match violations.len() {
            0 => Vec::new(),
            count => vec![format!("{count} violations, the first: {}", violations[0])],
        };
        let switch = SwitchReport {
            decisions: totals.decisions,
            flooded: totals.flooded,
            local: totals.local,
            dropped,
        };
        Self { device, vms, switch, violations, problems, nothing_read: false }
    }

    /// Makes a report of what is shown of it.
    #[cfg(test)]
    pub(crate) fn of_parts(device: &'static str, vms: Vec<VmReport>, switch: SwitchReport) -> Self {
        Self { device, vms, switch, violations: Vec::new(), problems: Vec::new(), nothing_read: false }
    }

    /// Notes that the source ended with an error, after some record or none.
    pub(crate) fn source_ended(&mut self, name: &str, error: &CaptureError, any: bool) {
        self.nothing_read = !any && !error.is_in_a_record();
        self.problems.push(format!("{name}: {error}"));
    }

    /// Tells whether there is a result: not if the source was refused.
    pub(crate) fn tells_something(&self) -> bool {
        !self.nothing_read
    }

    pub(crate) fn json(&self) -> Result<String> {
        Ok(serde_json::to_string(self)?)
    }
}

fn vm(identity: Identity, front: Option<Front>, machine: Machine) -> VmReport {
    let account = front.map_or(Account::EMPTY, |front| front.account);
    VmReport {
        mac: identity.mac.to_string(),
        targeted: identity.shares,
        hostile: identity.hostile,
        frames: account.frames,
        bytes: account.bytes,
        digest: account.digest(),
        headers_replicated: machine.headers_replicated,
        bytes_copied: machine.bytes_copied,
        refused_buffers: machine.refused_buffers,
        in_place: machine.in_place,
        lost: machine.lost,
    }
}

/// Lists contradictions over all frames.
fn total_faults(totals: &Totals, hostile: bool) -> Vec<String> {
    let mut faults = Vec::new();
    let Totals { on_wire, switched, sent, dropped_before, .. } = totals;
    let dropped: u64 = dropped_before.values().sum();
    if switched + dropped != *on_wire {
        faults.push(format!("{on_wire} frames on the wire, but {switched} switched and {dropped_before:?}"));
    }
    let starved = ["no_descriptor", "missed"].iter().any(|reason| dropped_before.contains_key(reason));
    if starved && !hostile {
        faults.push(format!("honest machines had too few buffers: {dropped_before:?}"));
    }
    if *sent > 0 {
        faults.push(format!("{sent} frames on the wire that no machine may send"));
    }
    faults
}

/// Lists contradictions of one machine: in what an honest one has received, and in what any of them
/// has sent (the honest send nothing, and nothing that the hostile send is to get anywhere).
fn machine_faults(machine: &Machine, front: Option<&Front>) -> Vec<String> {
    let Machine { mac, delivered, sent, ran_dry, lost, .. } = machine;
    let mut faults = Vec::new();
    if *sent > 0 {
        faults.push(format!("{mac}: {sent} frames that it may not send were forwarded"));
    }
    let Some(Front { account, faults: seen }) = front else { return faults };
    faults.extend(seen.iter().cloned());
    if *ran_dry {
        faults.push(format!("{mac}: its queue had no buffers left"));
    }
    if account.frames != *delivered || !lost.is_empty() {
        let received = account.frames;
        faults.push(format!("{mac}: the switch had {delivered} frames, {received} arrived, lost {lost:?}"));
    }
    faults
}

#[cfg(test)]
mod tests {
    use vmdq::MacAddress;

    use super::*;

    const MAC: MacAddress = MacAddress([2, 0, 0, 0, 0, 0xab]);

    fn machine() -> Machine {
        Machine {
            mac: MAC,
            delivered: 1,
            sent: 0,
            in_place: 1,
            headers_replicated: 1,
            bytes_copied: 0,
            refused_buffers: 0,
            ran_dry: false,
            lost: Lost::new(),
        }
    }

    fn report(change: fn(&mut Outcome), hostile: bool) -> Report {
        let mut account = Account::EMPTY;
        account.add(b"a", false);
        let identity = Identity { mac: MAC, shares: true, hostile };
        let front = (!hostile).then_some(Front { account, faults: Vec::new() });
        let totals = Totals {
            on_wire: 3,
            switched: 2,
            decisions: 2,
            dropped_before: [("too_long", 1)].into(),
            dropped_by_switch: [("unknown_unicast", 1)].into(),
            ..Totals::default()
        };
        let mut outcome = Outcome { machines: vec![machine()], totals, violations: Vec::new() };
        change(&mut outcome);
        Report::new("82598", vec![(identity, front)], outcome)
    }

    #[test]
    fn the_object_is_as_agreed() {
        let report = report(|_| {}, false);
        assert!(report.problems.is_empty(), "{:?}", report.problems);
        assert_eq!(
            report.json().unwrap(),
            concat!(
                r#"{"device":"82598","vms":[{"mac":"02:00:00:00:00:ab","targeted":true,"hostile":false,"#,
                r#""frames":1,"bytes":1,"digest":"d80d0daea7dbdd7f:cbf29ce484222325","#,
                r#""headers_replicated":1,"bytes_copied":0,"refused_buffers":0}],"#,
                r#""switch":{"decisions":2,"flooded":0,"local":0,"#,
                r#""dropped":{"too_long":1,"unknown_unicast":1}},"violations":[]}"#
            )
        );
    }

    #[test]
    fn what_does_not_add_up_is_a_violation() {
        let violation = |change, hostile| report(change, hostile).violations.join("; ");
        assert!(violation(|it| it.totals.on_wire = 4, false).contains("4 frames on the wire"));
        assert!(violation(|it| it.totals.sent = 1, true).contains("on the wire that no machine"));
        assert!(violation(|it| it.machines[0].delivered = 2, false).contains("2 frames, 1 arrived"));
        assert!(violation(|it| it.machines[0].sent = 1, true).contains("may not send"));
        assert!(violation(|it| it.machines[0].ran_dry = true, false).contains("no buffers left"));
        assert_eq!(violation(|it| it.machines[0].ran_dry = true, true), "");
        let lose: fn(&mut Outcome) = |it| *it.machines[0].lost.entry("no_buffer").or_default() += 1;
        assert!(violation(lose, false).contains("no_buffer"));
        assert_eq!(violation(lose, true), "");
        let starve: fn(&mut Outcome) = |it| {
            it.totals.on_wire += 1;
            it.totals.dropped_before.insert("no_descriptor", 1);
        };
        assert!(violation(starve, false).contains("too few buffers"));
        assert_eq!(violation(starve, true), "");
    }
}
