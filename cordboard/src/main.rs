//! Wiring: the command line, the clock, logs; everything else is in the library.

use std::process::ExitCode;

use clap::Parser;
use cordboard::cli::{Cli, Command};
use cordboard::{apply_command, call_command, explain_command, start};

/// It gives back what a busy moment took. glibc's keeps a heap for each thread and what each needed at most: under load half as
/// much again as this one, and never less.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    start::init_log();
    let done = match cli.command {
        None => start::start(&cli.start).await,
        Some(Command::Call(call)) => call_command::call(&call, &cli.start).await,
        Some(Command::Explain(explain)) => explain_command::explain(&explain, &cli.start).await,
        Some(Command::Apply(apply)) => apply_command::apply(&apply, &cli.start).await,
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            start::print_error(&*error);
            ExitCode::FAILURE
        }
    }
}
