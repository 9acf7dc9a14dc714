//! Reads a command line, and reports an error in it in one line.

use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;

/// Reads the arguments and checks them. Otherwise prints why not, or the help that was asked for, and
/// returns the exit status.
pub(crate) fn read<A: Parser, O>(check: impl FnOnce(A) -> Result<O, String>) -> Result<O, ExitCode> {
    let error = match A::try_parse() {
        Ok(args) => match check(args) {
            Ok(options) => return Ok(options),
            Err(error) => error,
        },
        Err(help) if matches!(help.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) => {
            return Err(if help.print().is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
        Err(error) => one_line(&error),
    };
    eprintln!("error: {error}");
    Err(ExitCode::from(2))
}

/// What clap has to say, without the usage and the hints that follow in lines of their own.
pub(crate) fn one_line(error: &clap::Error) -> String {
    let text = error.to_string();
    let lines: Vec<_> = text.lines().take_while(|line| !line.is_empty()).map(str::trim).collect();
    let line = lines.join(" ");
    line.strip_prefix("error: ").unwrap_or(&line).to_owned()
}
