//! `completions`: what a shell needs to complete our arguments.

use clap_complete::Shell;

#[derive(clap::Args)]
pub struct Arguments {
    /// bash, zsh, fish, elvish or powershell
    shell: Shell,
}

pub fn run(arguments: &Arguments, mut command: clap::Command) {
    let name = command.get_name().to_owned();
    clap_complete::generate(arguments.shell, &mut command, name, &mut std::io::stdout());
}
