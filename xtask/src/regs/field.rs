//! One field in one line: `"HIGH:LOW @device NAME=value@device | doc"`.
//!
//! `LOW` is left out for one bit. `@device` (as many as needed) says that only those devices have
//! the field; behind a value it says that only those give it that meaning. The doc is optional.

use super::error::Refusal;
use super::model::{Devices, Field, Value};

/// Looks up a device's index by its identifier.
pub(crate) type Lookup<'a> = dyn Fn(&str) -> Result<usize, Refusal> + 'a;

/// Reads one field of `register`.
pub(crate) fn parse(register: &str, name: &str, text: &str, lookup: &Lookup<'_>) -> Result<Field, Refusal> {
    let bad = || Refusal::FieldText { register: register.into(), field: name.into(), text: text.into() };
    let (spec, doc) = text.split_once('|').unwrap_or((text, ""));
    let mut words = spec.split_whitespace();
    let bits = words.next().ok_or_else(bad)?;
    let (hi, lo) = bits.split_once(':').unwrap_or((bits, bits));
    let (hi, lo) = (hi.parse::<u32>().map_err(|_| bad())?, lo.parse::<u32>().map_err(|_| bad())?);
    if hi > 31 || lo > hi {
        return Err(Refusal::FieldBits { register: register.into(), field: name.into(), hi, lo });
    }
    let mut field =
        Field { name: name.into(), doc: doc.trim().into(), lo, hi, only: None, values: Vec::new() };
    for word in words {
        if let Some(device) = word.strip_prefix('@') {
            add(&mut field.only, lookup(device)?);
        } else {
            field.values.push(value(word, lookup, &bad)?);
        }
    }
    Ok(field)
}

fn value(word: &str, lookup: &Lookup<'_>, bad: &dyn Fn() -> Refusal) -> Result<Value, Refusal> {
    let (name, rest) = word.split_once('=').ok_or_else(bad)?;
    let mut parts = rest.split('@');
    let number = parts.next().unwrap_or_default();
    let value = match number.strip_prefix("0x") {
        Some(hex) => u32::from_str_radix(hex, 16),
        None => number.parse(),
    };
    let mut only = None;
    for device in parts {
        add(&mut only, lookup(device)?);
    }
    Ok(Value { name: name.into(), value: value.map_err(|_| bad())?, only })
}

fn add(only: &mut Option<Devices>, device: usize) {
    *only = Some(Devices(only.map_or(0, |d| d.0) | 1 << device));
}
