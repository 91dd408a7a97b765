//! One file per subcommand.

/// Reads the arguments and runs the command they name.
pub fn run() -> std::process::ExitCode {
    std::process::ExitCode::SUCCESS
}
