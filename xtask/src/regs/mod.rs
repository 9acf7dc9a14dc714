//! `cargo xtask regs`: the register tables, and what is generated from them.
//!
//! `igb-hal/registers.toml` and `ixgbe-hal/registers.toml` hold every register once. The command checks them
//! and writes the committed `src/regs.rs` beside each, and what they share to `vmdq-hal`; `--check` compares
//! instead, and `--svd` writes one CMSIS-SVD file for each device.
//!
//! | file | what |
//! |---|---|
//! | `parse`, `field` | the table's text to the model |
//! | `model` | one family's registers |
//! | `check` | what a table must not say |
//! | `rust`, `constant`, `svd` | the model to the generated files |
//! | `shared` | what all families have in common, to a file of `vmdq-hal` |
//! | `report` | counts for people and programs |

mod check;
mod constant;
mod error;
mod field;
pub(crate) mod model;
mod parse;
mod report;
mod rust;
mod shared;
pub(crate) mod svd;
mod token;

use std::fs;
use std::path::{Path, PathBuf};

use error::Error;
use model::Family;

/// The crates that hold a table.
const CRATES: [&str; 2] = ["igb-hal", "ixgbe-hal"];

/// Generates the register tokens from the tables.
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// Writes nothing; fails if a committed file is not what its table generates
    #[arg(long, conflicts_with = "svd")]
    check: bool,
    /// Writes `DIR/<device>.svd` for every device instead
    #[arg(long, value_name = "DIR")]
    svd: Option<PathBuf>,
    /// Prints one JSON object with the counts for each device
    #[arg(long)]
    json: bool,
    /// Works on this copy of the workspace
    #[arg(long, value_name = "DIR", default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/.."), hide_default_value = true)]
    root: PathBuf,
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> Result<(), Error> {
    let mut families = Vec::new();
    let mut files = Vec::new();
    for name in CRATES {
        let text = read(&args.root.join(name).join("registers.toml"))?;
        families.push(load(&format!("{name}/registers.toml"), &text)?);
    }
    shared::check(&families)?;
    if let Some(to) = &args.svd {
        for family in &families {
            export(family, to, &mut files)?;
        }
    } else {
        for (name, family) in CRATES.iter().zip(&families) {
            generate(args, format!("{name}/src/regs.rs"), &rust::write(family), &mut files)?;
        }
        generate(args, shared::FILE.into(), &shared::write(&families), &mut files)?;
    }
    let mode = if args.svd.is_some() {
        "svd"
    } else if args.check {
        "check"
    } else {
        "generate"
    };
    if args.json {
        println!("{}", report::object(&families, mode, &files));
    } else {
        print!("{}", report::table(&families));
        let done = if args.check { "current" } else { "written" };
        println!("{done}: {}", files.join(" "));
    }
    Ok(())
}

/// Writes a generated file, or compares it with the committed one.
fn generate(args: &Args, file: String, text: &str, files: &mut Vec<String>) -> Result<(), Error> {
    let path = args.root.join(&file);
    if args.check {
        compare(&file, &read(&path)?, text)?;
    } else if fs::read_to_string(&path).unwrap_or_default() != text {
        // A file that is current keeps its time stamp, so that nothing is built again.
        save(path, text)?;
    }
    files.push(file);
    Ok(())
}

fn export(family: &Family, to: &Path, files: &mut Vec<String>) -> Result<(), Error> {
    fs::create_dir_all(to).map_err(|source| Error::File { path: to.into(), source })?;
    for device in family.all().iter() {
        let path = to.join(format!("{}.svd", family.devices[device]));
        files.push(path.display().to_string());
        save(path, &svd::write(family, device)?)?;
    }
    Ok(())
}

fn save(path: PathBuf, text: &str) -> Result<(), Error> {
    fs::write(&path, text).map_err(|source| Error::File { path, source })
}

/// Reads and checks a table; `file` is its name in errors.
pub(crate) fn load(file: &str, text: &str) -> Result<Family, Error> {
    let family = parse::parse(file, text)?;
    let refusals = check::check(&family);
    if refusals.is_empty() { Ok(family) } else { Err(Error::Refused { file: file.into(), refusals }) }
}

fn read(path: &Path) -> Result<String, Error> {
    fs::read_to_string(path).map_err(|source| Error::File { path: path.into(), source })
}

fn compare(path: &str, committed: &str, generated: &str) -> Result<(), Error> {
    if committed == generated {
        return Ok(());
    }
    let (mut old, mut new) = (committed.lines(), generated.lines());
    let mut line = 1;
    loop {
        let pair = (old.next(), new.next());
        if pair.0 != pair.1 || pair.0.is_none() {
            let show = |text: Option<&str>| text.unwrap_or("(end of file)").trim().to_string();
            let (committed, generated) = (show(pair.0), show(pair.1));
            return Err(Error::Stale { path: path.into(), line, committed, generated });
        }
        line += 1;
    }
}
