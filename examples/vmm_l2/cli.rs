//! The command line. An error is reported in one line that names the option.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use vmdq::Any;

use crate::command_line;
use crate::device::{Device, machines};
use crate::source::Source;

/// Delivers each virtual machine's frames, into buffers that it shares or by copy.
#[derive(Parser)]
#[command(name = "vmm_l2")]
struct Args {
    /// A pcap or pcapng file with Ethernet frames. Without it, traffic is generated.
    capture: Option<PathBuf>,
    /// The controller (a model of it).
    #[arg(long, value_enum, default_value = "82598")]
    device: Device,
    /// How many virtual machines there are [default: as many as the device can serve; fewer if the
    /// capture has fewer addresses].
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    vms: Option<usize>,
    /// How many of them, the first, share buffers [default: half].
    #[arg(long, value_name = "K", allow_negative_numbers = true)]
    sharing: Option<usize>,
    /// How many of them, the last, are hostile.
    #[arg(long, value_name = "H", default_value_t = 0, allow_negative_numbers = true)]
    hostile: usize,
    /// Print one JSON object instead of a table.
    #[arg(long)]
    json: bool,
}

/// The checked options; every value is within the device's range.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) source: Source,
    pub(crate) device: Device,
    /// The device, as the driver takes it.
    pub(crate) model: Any,
    pub(crate) vms: usize,
    /// At most `vms`; `None` for half of those that there are.
    sharing: Option<usize>,
    hostile: usize,
    pub(crate) json: bool,
}

impl Options {
    /// Reads the command line. Otherwise prints why not, or the help that was asked for, and returns
    /// the exit status.
    pub(crate) fn from_command_line() -> Result<Self, ExitCode> {
        command_line::read(Self::check)
    }

    fn check(args: Args) -> Result<Self, String> {
        let Args { capture, device, vms, sharing, hostile, json } = args;
        let model = device.model()?;
        let (name, most) = (model.name(), machines(model));
        let vms = vms.unwrap_or(most);
        if !(1..=most).contains(&vms) {
            return Err(format!("--vms {vms}: the {name} has queues for 1 to {most} virtual machines"));
        }
        for (option, asked) in [("--sharing", sharing.unwrap_or(0)), ("--hostile", hostile)] {
            if asked > vms {
                return Err(format!("{option} {asked}: there are {vms} virtual machines"));
            }
        }
        let source = capture.map_or(Source::MadeUp, Source::Capture);
        Ok(Self { source, device, model, vms, sharing, hostile, json })
    }

    /// Tells whether machine `i` of `vms` shares buffers.
    pub(crate) fn shares(&self, machine: usize, of: usize) -> bool {
        machine < self.sharing.unwrap_or(of / 2)
    }

    /// Tells whether machine `i` of `vms` is hostile.
    pub(crate) const fn is_hostile(&self, machine: usize, of: usize) -> bool {
        machine >= of.saturating_sub(self.hostile)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command_line::one_line;

    fn parse(args: &[&str]) -> Result<Options, String> {
        let args = ["vmm_l2"].iter().chain(args);
        Args::try_parse_from(args).map_err(|error| one_line(&error)).and_then(Options::check)
    }

    fn roles(options: &Options, of: usize) -> String {
        let role = |machine| match (options.shares(machine, of), options.is_hostile(machine, of)) {
            (true, true) => 'S',
            (true, false) => 's',
            (false, true) => 'C',
            (false, false) => 'c',
        };
        (0..of).map(role).collect()
    }

    #[test]
    fn the_first_share_and_the_last_are_hostile() {
        let options = parse(&[]).unwrap();
        assert_eq!((options.device, options.vms, options.json), (Device::I82598, 15, false));
        assert_eq!(roles(&options, 5), "ssccc");
        assert_eq!(roles(&parse(&["--sharing", "0", "--hostile", "1"]).unwrap(), 3), "ccC");
        assert_eq!(roles(&parse(&["--sharing", "15", "--hostile", "15"]).unwrap(), 3), "SSS");
        assert_eq!(roles(&parse(&["--sharing", "3", "--hostile", "2"]).unwrap(), 4), "ssSC");
    }

    #[test]
    fn refusals_are_one_line_that_names_the_option() {
        for (args, option) in [
            (&["--vms", "0"][..], "--vms"),
            (&["--vms", "-1"], "--vms"),
            (&["--vms", "99"], "--vms"),
            (&["--vms", "word"], "--vms"),
            (&["--vms", "4", "--device", "82575"], "--vms"),
            (&["--device", "82597"], "--device"),
            (&["--sharing", "16"], "--sharing"),
            (&["--sharing", "-1"], "--sharing"),
            (&["--sharing", "all"], "--sharing"),
            (&["--sharing", "4", "--vms", "3"], "--sharing"),
            (&["--hostile", "16"], "--hostile"),
            (&["--hostile", "-1"], "--hostile"),
            (&["--hostile", "2", "--vms", "1"], "--hostile"),
            (&["--bus", "sim"], "--bus"),
            (&["a.pcap", "b.pcap"], "b.pcap"),
        ] {
            let error = parse(args).unwrap_err();
            assert!(
                error.contains(option) && error.len() < 100 && !error.contains('\n'),
                "{args:?}: {error}"
            );
        }
    }
}
