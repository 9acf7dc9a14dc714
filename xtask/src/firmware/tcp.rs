//! The second program of the firmware: TCP echo and ping over QEMU's wire.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::boot::{Booted, boot_with};
use super::image::Image;
use super::machine::Machine;
use super::row::{Outcome, Row};
use super::station::{Played, Station};

/// Bytes that are echoed, and requests that are sent.
const BYTES: usize = 1 << 20;
const PINGS: u16 = 100;
/// Most bytes of stack that the program may use.
const STACK: u64 = 16 << 10;

/// Boots the program and has 1 MiB echoed and 100 pings answered.
pub(super) fn rows(machine: &Machine, qemu: &Path, image: &Path) -> Result<Vec<Row>> {
    let play = |wire, deadline| Station::new(wire, deadline).play(BYTES, PINGS);
    let complete = |played: &Played| played.echoed == BYTES && played.fault.is_none();
    let Booted { played, ended, printed } = boot_with(machine, qemu, image, play, |it| !complete(it))?;
    let bytes = fs::read(image).with_context(|| format!("can't read {}", image.display()))?;
    let rows = [
        ("pings_100_of_100", pings(&played)),
        ("tcp_echo_1_mib", echo(&played)),
        ("tcp_echo_ends_with_its_status", ended),
        ("tcp_echo_stack", super::stack(&printed, STACK)),
        ("tcp_echo_no_driver_panic", Outcome::of(Image::read(&bytes)?.driver_panics())),
    ];
    if rows.iter().any(|(_, outcome)| outcome.has_failed()) {
        eprintln!("{} tcp_echo:\n{}", machine.arch, String::from_utf8_lossy(&printed));
    }
    Ok(rows.into_iter().map(|(check, outcome)| Row { arch: machine.arch, check, outcome }).collect())
}

fn pings(played: &Played) -> Outcome {
    if played.answered == PINGS {
        return Outcome::Passed(None);
    }
    Outcome::Failed(format!("{} of {PINGS} were answered{}", played.answered, played.why()))
}

fn echo(played: &Played) -> Outcome {
    if played.echoed == BYTES && played.fault.is_none() {
        return Outcome::Passed(Some(format!("in {} ms", played.echo.as_millis())));
    }
    Outcome::Failed(format!("{} of {BYTES} bytes came back{}", played.echoed, played.why()))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_is_missing_is_named() {
        let whole = Played { answered: PINGS, echoed: BYTES, echo: Duration::from_millis(7), fault: None };
        assert_eq!(pings(&whole), Outcome::Passed(None));
        assert_eq!(echo(&whole), Outcome::Passed(Some("in 7 ms".into())));
        let short = Played { answered: 99, echoed: BYTES - 1, fault: Some("time is up".into()), ..whole };
        assert_eq!(pings(&short), Outcome::Failed("99 of 100 were answered: time is up".into()));
        assert!(echo(&short).has_failed());
        let wrong = Played { answered: PINGS, echoed: BYTES, fault: Some("byte 5 is wrong".into()), ..short };
        assert!(echo(&wrong).has_failed() && !pings(&wrong).has_failed());
    }
}
