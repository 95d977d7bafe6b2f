//! The `cordboard` program: command line, clock and logs. Everything else is in the library.

use std::process::ExitCode;

use clap::Parser;
use cordboard::cli::{Cli, Command};
use cordboard::{apply_command, call_command, explain_command, replay_command, start};

/// mimalloc returns memory after a peak. glibc's allocator keeps a heap, at its peak size, for each
/// thread: under load half as much memory again, and never less.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    start::init_log();
    let result = match cli.command {
        None => start::start(&cli.start).await,
        Some(Command::Call(call)) => call_command::call(&call, &cli.start).await,
        Some(Command::Explain(explain)) => explain_command::explain(&explain, &cli.start).await,
        Some(Command::Apply(apply)) => apply_command::apply(&apply, &cli.start).await,
        Some(Command::ReplayDeadLetters(replay)) => replay_command::replay(&replay).await,
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            start::print_error(&*error);
            ExitCode::FAILURE
        }
    }
}
