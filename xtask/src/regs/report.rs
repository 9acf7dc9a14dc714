//! What the command says when it is done: counts for each device.

use serde_json::{Map, Value, json};

use super::model::{Access, Family, Place};

/// What a device has.
struct Counts {
    registers: usize,
    arrays: usize,
    words: usize,
    fields: usize,
    aliases: usize,
    dma: usize,
}

fn count(family: &Family, device: usize) -> Counts {
    let mut counts = Counts { registers: 0, arrays: 0, words: 0, fields: 0, aliases: 0, dma: 0 };
    for register in &family.registers {
        let Some(instance) = &register.on[device] else { continue };
        counts.registers += 1;
        counts.arrays += usize::from(matches!(instance.place, Place::Array(_)));
        counts.words += instance.place.offsets().len();
        counts.fields += family.layout(register).fields.iter().filter(|f| f.is_on(device)).count();
        counts.aliases += instance.aliases.len();
        counts.dma += usize::from(instance.access == Access::Dma);
    }
    counts
}

/// Prints one line for each device.
pub(crate) fn table(families: &[Family]) -> String {
    let mut out = format!(
        "{:8} {:>9} {:>6} {:>6} {:>6} {:>7} {:>4}\n",
        "device", "registers", "arrays", "words", "fields", "aliases", "dma"
    );
    for (family, device) in pairs(families) {
        let c = count(family, device);
        out += &format!(
            "{:8} {:>9} {:>6} {:>6} {:>6} {:>7} {:>4}\n",
            family.devices[device], c.registers, c.arrays, c.words, c.fields, c.aliases, c.dma
        );
    }
    out
}

/// Returns one object: the command's mode, the files it wrote or compared, and the counts.
pub(crate) fn object(families: &[Family], mode: &str, files: &[String]) -> Value {
    let devices: Map<String, Value> = pairs(families)
        .map(|(family, device)| {
            let c = count(family, device);
            let counts = json!({
                "family": family.name, "registers": c.registers, "arrays": c.arrays, "words": c.words,
                "fields": c.fields, "aliases": c.aliases, "dma": c.dma,
            });
            (family.devices[device].clone(), counts)
        })
        .collect();
    json!({ "mode": mode, "files": files, "devices": devices })
}

fn pairs(families: &[Family]) -> impl Iterator<Item = (&Family, usize)> {
    families.iter().flat_map(|family| family.all().iter().map(move |device| (family, device)))
}
