//! Links the image at the place where QEMU starts it.

use std::env;
use std::path::Path;

fn main() {
    let of = |variable: &str| env::var(variable).unwrap_or_default();
    let script =
        Path::new(&of("CARGO_MANIFEST_DIR")).join(format!("src/arch/{}.ld", of("CARGO_CFG_TARGET_ARCH")));
    println!("cargo::rerun-if-changed={}", script.display());
    let mut arguments = vec![format!("-T{}", script.display()), "--no-pie".into(), "-znoexecstack".into()];
    // Relocations stay in the image, so that `cargo xtask firmware` can tell what leads to what in it.
    arguments.push("--emit-relocs".into());
    if env::var_os("CARGO_FEATURE_DEFMT").is_some() {
        arguments.push("-Tdefmt.x".into());
    }
    for argument in arguments {
        println!("cargo::rustc-link-arg-bins={argument}");
    }
}
