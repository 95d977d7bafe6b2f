//! The `cordboard` program: command line, clock and logs. Everything else is in the library.

use std::process::ExitCode;

use clap::Parser;
use cordboard::cli::{Cli, Command};
use cordboard::{
    apply_command, backup_command, calendar_command, call_command, check_command, erase_command,
    explain_command, log, replay_command, simulate_command, start,
};

/// mimalloc returns memory after a peak. glibc's allocator keeps a heap, at its peak size, for each
/// thread: under load half as much memory again, and never less.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    log::init(cli.start.log_format);
    let command = cli.command.unwrap_or_default();
    let result = match command {
        Command::Serve(serve) => start::start(&serve, &cli.start).await,
        Command::Call(call) => call_command::call(&call, &cli.start).await,
        Command::Calendar(options) => calendar_command::run(&options, &cli.start).await,
        Command::Explain(explain) => explain_command::explain(&explain, &cli.start).await,
        Command::Check(options) => {
            return check_command::check(&options, cli.start.config.as_deref());
        }
        Command::Schema => {
            check_command::print_schema();
            Ok(())
        }
        Command::Simulate(simulate) => simulate_command::run(&simulate, &cli.start),
        Command::Apply(apply) => apply_command::apply(&apply, &cli.start).await,
        Command::Backup(file) => backup_command::backup(&file, &cli.start).map_err(Into::into),
        Command::Restore(file) => backup_command::restore(&file, &cli.start).map_err(Into::into),
        Command::Erase(erase) => erase_command::erase(&erase, &cli.start).await,
        Command::ReplayDeadLetters(replay) => replay_command::replay(&replay).await,
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            log::report(&*error, cli.start.log_format);
            ExitCode::FAILURE
        }
    }
}
