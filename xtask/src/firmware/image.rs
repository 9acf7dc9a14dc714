//! What is in a linked image: how much code, and whether any of it can panic.
//!
//! The linker leaves out what nothing leads to. So code that can panic is in an image if and only if the image
//! has one of the functions in which every panic ends: those of `core::panicking`, and the panic handler. The
//! relocations, which the firmware's linker keeps, then tell what leads there.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, ensure};
use object::{Architecture, File, Object, ObjectSection, ObjectSymbol, RelocationTarget, SymbolKind};

/// Parts of the names in which every panic ends, as both manglings have them.
const PANICS: [&str; 2] = ["4core9panicking", "17rust_begin_unwind"];
/// The driver's crates.
const DRIVER: [&str; 6] = ["vmdq", "vmdq_core", "vmdq_hal", "vmdq_smoltcp", "igb_hal", "ixgbe_hal"];
/// The section with all code.
const CODE: &str = ".text";
/// How many callers a message names.
const MOST: usize = 6;

/// The functions of an image, and what each leads to.
#[derive(Debug)]
pub(super) struct Image {
    /// Bytes of code.
    pub(super) code: u64,
    functions: BTreeMap<u64, String>,
    /// Pairs of functions, by their addresses: from, to.
    calls: BTreeSet<(u64, u64)>,
}

impl Image {
    pub(super) fn read(bytes: &[u8]) -> Result<Self> {
        let file = File::parse(bytes).context("the image is no ELF file")?;
        let code = file.section_by_name(CODE).context("the image has no code")?;
        let text = file.symbols().filter(|symbol| symbol.kind() == SymbolKind::Text);
        let functions = text
            .map(|symbol| Ok((symbol.address(), symbol.name()?.to_owned())))
            .collect::<Result<BTreeMap<_, _>>>()?;
        let mut image = Self { code: code.size(), functions, calls: BTreeSet::new() };
        for (at, relocation) in code.relocations() {
            let RelocationTarget::Symbol(index) = relocation.target() else { continue };
            // On x86 the addend takes the length of the instruction's operand off.
            let operand = if file.architecture() == Architecture::X86_64 { 4 } else { 0 };
            let to = file.symbol_by_index(index)?.address().wrapping_add_signed(relocation.addend());
            image.calls.extend(image.function(at).zip(image.function(to.wrapping_add(operand))));
        }
        // Without them nothing would be found, whatever there is.
        ensure!(!image.calls.is_empty(), "the image was linked without its relocations or symbols");
        ensure!(image.functions.values().any(|name| name == "main"), "the image has no function `main`");
        Ok(image)
    }

    /// Returns the address of the function that a place is in.
    fn function(&self, at: u64) -> Option<u64> {
        self.functions.range(..=at).next_back().map(|(&start, _)| start)
    }

    /// Says what can panic; nothing, if no code can.
    pub(super) fn panics(&self) -> Result<(), String> {
        self.callers().map_or(Ok(()), |callers| told(&callers))
    }

    /// Says which functions of the driver can panic, in an image with other code that can.
    ///
    /// It sees the driver's functions that are functions here, and not those that are inlined into others' code.
    pub(super) fn driver_panics(&self) -> Result<(), String> {
        let demangled = |name: &String| rustc_demangle::demangle(name).to_string();
        if !self.functions.values().map(demangled).any(|name| is_driver(&name)) {
            return Err("the image has no function of the driver".into());
        }
        let callers = self.callers().unwrap_or_default();
        let ours: BTreeSet<_> = callers.into_iter().filter(|name| is_driver(name)).collect();
        if ours.is_empty() { Ok(()) } else { told(&ours) }
    }

    /// Returns the names of the functions that can panic; `None` if there is nothing in which a panic ends.
    fn callers(&self) -> Option<BTreeSet<String>> {
        let is_panic = |name: &str| PANICS.iter().any(|part| name.contains(part));
        let ends = self.functions.iter().filter(|(_, name)| is_panic(name)).map(|(&at, _)| at);
        let mut reached: Vec<u64> = ends.collect();
        if reached.is_empty() {
            return None;
        }
        let mut callers = BTreeSet::new();
        let mut seen: BTreeSet<u64> = reached.iter().copied().collect();
        while let Some(end) = reached.pop() {
            for &(from, _) in self.calls.iter().filter(|(_, to)| *to == end) {
                let name = self.functions.get(&from).map_or("", String::as_str);
                // What `core` has for panics is passed over: the interest is in who calls it.
                if !is_panic(name) && !name.contains("4core") {
                    callers.insert(rustc_demangle::demangle(name).to_string());
                } else if seen.insert(from) {
                    reached.push(from);
                }
            }
        }
        Some(callers)
    }
}

fn told(callers: &BTreeSet<String>) -> Result<(), String> {
    let named: Vec<_> = callers.iter().take(MOST).map(String::as_str).collect();
    Err(format!("{} functions can panic: {}", callers.len(), named.join(", ")))
}

/// Tells whether a function is the driver's, by the crate with which its name begins.
fn is_driver(name: &str) -> bool {
    let path = name.trim_start_matches(['<', '&', '*']);
    // A token runs what the stack passes to it: that is the stack's code.
    let of_the_stack = name.contains("::consume");
    DRIVER.iter().any(|of| path.strip_prefix(of).is_some_and(|rest| rest.starts_with("::"))) && !of_the_stack
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(functions: &[&str], calls: &[(u64, u64)]) -> Image {
        let functions = functions.iter().zip(0..).map(|(name, i)| (16 * i, (*name).to_owned())).collect();
        let calls = calls.iter().map(|(from, to)| (16 * from, 16 * to)).collect();
        Image { code: 0, functions, calls }
    }

    #[test]
    fn a_panic_is_told_with_its_callers() {
        let panic = "_ZN4core9panicking18panic_bounds_check17h0123456789abcdefE";
        let unwrap = "_ZN4core6option13unwrap_failed17h0123456789abcdefE";
        let calm = image(&["main", "_ZN1a1b17h0123456789abcdefE"], &[(0, 1)]);
        assert_eq!(calm.panics(), Ok(()));
        let names = ["main", "_ZN1a1b17h0123456789abcdefE", unwrap, panic, "_ZN1a1c17h0123456789abcdefE"];
        let told = image(&names, &[(0, 1), (1, 2), (2, 3), (4, 3)]).panics().unwrap_err();
        assert!(told.starts_with("2 functions can panic: a::b") && told.contains("a::c"), "{told}");
    }

    #[test]
    fn a_panic_of_the_driver_is_told_from_one_of_the_stack() {
        let name = |path: &[&str]| {
            let path: String = path.iter().map(|part| format!("{}{part}", part.len())).collect();
            format!("_ZN{path}17h0123456789abcdefE")
        };
        let panic = name(&["core", "panicking", "panic_bounds_check"]);
        let stack = name(&["smoltcp", "wire", "emit"]);
        let ring = name(&["vmdq_hal", "ring", "receive"]);
        let device = name(&["_$LT$vmdq_smoltcp..Device$u20$as$u20$smoltcp..phy..Device$GT$", "receive"]);
        let token = name(&["_$LT$vmdq_smoltcp..RxToken$u20$as$u20$smoltcp..phy..RxToken$GT$", "consume"]);
        let names = ["main", &stack, &ring, &device, &token, &panic];
        let panicking = |from| image(&names, &[(0, 1), (1, 5), (from, 5)]).driver_panics();
        assert_eq!(panicking(1), Ok(()));
        assert_eq!(panicking(4), Ok(()));
        assert!(panicking(2).unwrap_err().contains("vmdq_hal::ring::receive"));
        assert!(panicking(3).unwrap_err().contains("vmdq_smoltcp::Device"));
        // Without any function of the driver, nothing would be found.
        assert!(image(&["main", &stack, &panic], &[(1, 2)]).driver_panics().is_err());
    }

    #[test]
    fn the_newer_mangling_and_the_handler_are_known() {
        for name in ["_RNvNtCs123_4core9panicking9panic_fmt", "_RNvCs123_7___rustc17rust_begin_unwind"] {
            assert!(image(&["main", name], &[(0, 1)]).panics().is_err());
        }
    }

    #[test]
    fn an_image_that_tells_nothing_is_refused() {
        assert!(Image::read(b"no image").is_err());
    }
}
