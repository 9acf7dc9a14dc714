//! The driver's events in what the firmware printed as defmt frames.
//!
//! A frame is encoded so that only its end is a zero byte (rzCOBS). It begins with a number, at which the image
//! has a symbol with the text of the message. The arguments that follow are not looked at here: defmt's own
//! tools print them.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use object::{File, Object, ObjectSection, ObjectSymbol};
use serde_json::Value;

/// Where the image has the texts.
const TEXTS: &str = ".defmt";
/// The crate whose events are looked for.
const CRATE: &str = "vmdq-hal";
/// Parts of the events that a run has.
const EXPECTED: [&str; 6] =
    ["VMDq is on", "moved to pool", "pool {} stopped", "quiesced", "restored", "VMDq is off"];

/// Returns the texts of messages, by their numbers; each with its crate.
pub(super) fn texts(image: &[u8]) -> Result<BTreeMap<u16, (String, String)>> {
    let file = File::parse(image).context("the image is no ELF file")?;
    let section = file.section_by_name(TEXTS).context("the image has no messages")?.index();
    let text = |name: &str| {
        let symbol: Value = serde_json::from_str(name).ok()?;
        Some((symbol["package"].as_str()?.to_owned(), symbol["data"].as_str()?.to_owned()))
    };
    let symbols = file.symbols().filter(|symbol| symbol.section_index() == Some(section));
    Ok(symbols
        .filter_map(|symbol| Some((u16::try_from(symbol.address()).ok()?, text(symbol.name().ok()?)?)))
        .collect())
}

/// Says what of the driver's life was not printed.
pub(super) fn check(printed: &[u8], texts: &BTreeMap<u16, (String, String)>) -> Result<(), String> {
    let frames = printed.split(|&byte| byte == 0).filter_map(decode);
    let numbers = frames.filter_map(|frame| Some(u16::from_le_bytes(*frame.first_chunk()?)));
    let events: Vec<_> =
        numbers.filter_map(|number| texts.get(&number)).filter(|(of, _)| of == CRATE).collect();
    let lacks = |part: &&&str| !events.iter().any(|(_, text)| text.contains(**part));
    match EXPECTED.iter().find(lacks) {
        None => Ok(()),
        Some(part) => Err(format!("no event says \"{part}\" among {} of {CRATE}", events.len())),
    }
}

/// Decodes a frame, from its end: each last byte says what is before it.
fn decode(mut frame: &[u8]) -> Option<Vec<u8>> {
    let mut reversed = Vec::new();
    while let Some((&last, rest)) = frame.split_last() {
        frame = rest;
        match last {
            // Seven bytes, of which those with a bit set are zeros that were left out.
            ..0x80 => {
                for bit in (0..7).rev() {
                    match last >> bit & 1 {
                        0 => take(&mut frame, 1, &mut reversed)?,
                        _ => reversed.push(0),
                    }
                }
            }
            // Many bytes that are not zero, and a zero behind them unless there is no room for more.
            0x80..0xff => {
                reversed.push(0);
                take(&mut frame, usize::from(last & 0x7f) + 7, &mut reversed)?;
            }
            0xff => take(&mut frame, 134, &mut reversed)?,
        }
    }
    reversed.reverse();
    (!reversed.is_empty()).then_some(reversed)
}

/// Takes bytes from the end of a frame.
fn take(frame: &mut &[u8], count: usize, reversed: &mut Vec<u8>) -> Option<()> {
    let (rest, bytes) = frame.split_at_checked(frame.len().checked_sub(count)?)?;
    reversed.extend(bytes.iter().rev());
    *frame = rest;
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zeros_come_back() {
        assert_eq!(decode(&[1, 2, 0b111_1010]).unwrap(), [1, 0, 2, 0, 0, 0, 0]);
        let long = [&[7; 10][..], &[0x80 | 3]].concat();
        assert_eq!(decode(&long).unwrap(), [&[7; 10][..], &[0]].concat());
        let full = [&[7; 134][..], &[0xff]].concat();
        assert_eq!(decode(&full).unwrap(), [7; 134]);
    }

    #[test]
    fn what_was_cut_off_is_no_frame() {
        assert_eq!(decode(&[]), None);
        assert_eq!(decode(&[1, 0b000_0000]), None);
        assert_eq!(decode(&[1, 2, 0x81]), None);
    }

    #[test]
    fn an_event_that_lacks_is_named() {
        let texts: BTreeMap<u16, _> = (1..)
            .zip(EXPECTED)
            .map(|(number, text)| (number, (CRATE.to_owned(), format!("{{}}: {text}"))))
            .collect();
        // A number in two bytes, and the other five of the seven are zeros.
        let frame = |number: u8| [number, 0b111_1110, 0];
        let all: Vec<u8> = (1..=EXPECTED.len() as u8).flat_map(frame).collect();
        assert_eq!(check(&all, &texts), Ok(()));
        let why = check(&all[3..], &texts).unwrap_err();
        assert!(why.contains(EXPECTED[0]), "{why}");
    }
}
