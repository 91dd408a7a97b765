//! Builds anew when the demo site that is embedded has changed, or has come to be.

fn main() {
    println!("cargo::rerun-if-changed=docs/.demo");
    println!("cargo::rerun-if-changed=assets");
}
