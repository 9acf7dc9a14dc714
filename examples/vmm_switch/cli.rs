//! The command line. An error is reported in one line that names the option.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use vmdq::device::Model;
use vmdq::{Any, FrameLimit};

use crate::command_line;
use crate::device::{Device, machines};
use crate::source::Source;

/// Sorts a capture into one VMDq queue for each virtual machine, and lets each answer fairly.
#[derive(Parser)]
#[command(name = "vmm_switch")]
struct Args {
    /// A pcap or pcapng file with Ethernet frames. Without it, traffic is generated.
    capture: Option<PathBuf>,
    /// The controller.
    #[arg(long, value_enum, default_value = "82598")]
    device: Device,
    /// The implementation of the device: a model in this process, or QEMU's igb (an 82576).
    #[arg(long, value_enum, default_value = "sim")]
    bus: Bus,
    /// How many virtual machines get a queue [default: as many as the device can serve].
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    vms: Option<usize>,
    /// The longest frame with FCS; a VLAN tag adds 4.
    #[arg(long, value_name = "BYTES", default_value_t = 1518, allow_negative_numbers = true)]
    max_frame: u64,
    /// Print one JSON object instead of a table.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum Bus {
    Sim,
    Qemu,
}

/// The checked options; every value is within the device's range.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) source: Source,
    pub(crate) device: Device,
    /// The device, as the driver takes it.
    pub(crate) model: Any,
    pub(crate) bus: Bus,
    pub(crate) vms: usize,
    pub(crate) max_frame: u16,
    pub(crate) json: bool,
}

impl Options {
    /// Reads the command line. Otherwise prints why not, or the help that was asked for, and returns
    /// the exit status.
    pub(crate) fn from_command_line() -> Result<Self, ExitCode> {
        command_line::read(Self::check)
    }

    fn check(args: Args) -> Result<Self, String> {
        let Args { capture, device, bus, vms, max_frame, json } = args;
        let model = device.model()?;
        let (name, most, longest) = (model.name(), machines(model), model.limits().max_frame);
        if bus == Bus::Qemu && device != Device::I82576 {
            return Err(format!("--bus qemu: QEMU has no {name}; use --device 82576"));
        }
        let vms = vms.unwrap_or(most);
        if !(1..=most).contains(&vms) {
            return Err(format!("--vms {vms}: the {name} has queues for 1 to {most} virtual machines"));
        }
        let limit = u16::try_from(max_frame).ok().and_then(|limit| FrameLimit::new(limit, longest));
        let Some(limit) = limit else {
            return Err(format!("--max-frame {max_frame}: the {name} takes 64 to {longest} bytes"));
        };
        let source = capture.map_or(Source::MadeUp, Source::Capture);
        Ok(Self { source, device, model, bus, vms, max_frame: limit.with_fcs(), json })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command_line::one_line;

    fn parse(args: &[&str]) -> Result<Options, String> {
        let args = ["vmm_switch"].iter().chain(args);
        Args::try_parse_from(args).map_err(|error| one_line(&error)).and_then(Options::check)
    }

    #[test]
    fn defaults_are_the_largest_device() {
        let options = parse(&[]).unwrap();
        assert_eq!((options.device, options.bus), (Device::I82598, Bus::Sim));
        assert_eq!((options.vms, options.max_frame, options.json), (15, 1518, false));
        assert_eq!(parse(&["--device", "82576"]).unwrap().vms, 7);
        assert_eq!(parse(&["--device", "82575", "--max-frame", "64"]).unwrap().vms, 3);
        assert_eq!(parse(&["--max-frame", "16128"]).unwrap().max_frame, 16128);
    }

    #[test]
    fn refusals_are_one_line_that_names_the_option() {
        for (args, option) in [
            (&["--vms", "0"][..], "--vms"),
            (&["--vms", "-1"], "--vms"),
            (&["--vms", "99"], "--vms"),
            (&["--vms", "word"], "--vms"),
            (&["--vms"], "--vms"),
            (&["--vms", "4", "--device", "82575"], "--vms"),
            (&["--device", "82597"], "--device"),
            (&["--bus", "isa"], "--bus"),
            (&["--bus", "qemu"], "--bus"),
            (&["--bus", "qemu", "--device", "82575"], "--bus"),
            (&["--max-frame", "0"], "--max-frame"),
            (&["--max-frame", "63"], "--max-frame"),
            (&["--max-frame", "-1518"], "--max-frame"),
            (&["--max-frame", "999999999"], "--max-frame"),
            (&["--max-frame", "9729", "--device", "82576"], "--max-frame"),
            (&["--colour"], "--colour"),
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
