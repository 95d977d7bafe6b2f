//! The `cordboard` program: command line, clock and logs. Everything else is in the library.

use std::process::ExitCode;

use clap::Parser;
use cordboard::cli::{Cli, Command};
use cordboard::{
    apply_command, backup_command, calendar_command, call_command, check_command, erase_command,
    explain_command, export_command, log, plan_command, replay_command, replay_recording_command,
    shadow_command, simulate_command, start, test_command,
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
    let done = |()| ExitCode::SUCCESS;
    let result = match command {
        Command::Serve(serve) => start::start(&serve, &cli.start).await.map(done),
        Command::Call(call) => call_command::call(&call, &cli.start).await.map(done),
        Command::Calendar(options) => calendar_command::run(&options, &cli.start).await.map(done),
        Command::Explain(explain) => explain_command::explain(&explain, &cli.start)
            .await
            .map(done),
        Command::Check(options) => Ok(check_command::check(&options, &cli.start).await),
        Command::Test(test) => Ok(test_command::test(&test, &cli.start).await),
        Command::Schema => {
            check_command::print_schema();
            Ok(ExitCode::SUCCESS)
        }
        Command::Simulate(simulate) => simulate_command::run(&simulate, &cli.start).map(done),
        Command::Replay(options) => Ok(replay_recording_command::replay(&options, &cli.start)),
        Command::Plan(options) => plan_command::plan(&options, &cli.start).await,
        Command::Apply(apply) => apply_command::apply(&apply, &cli.start).await.map(done),
        Command::Diff(options) => plan_command::diff(&options),
        Command::Export(options) => export_command::export(&options, &cli.start).await.map(done),
        Command::Shadow(options) => shadow_command::run(&options, &cli.start).await.map(done),
        Command::Backup(file) => backup_command::backup(&file, &cli.start)
            .map(done)
            .map_err(Into::into),
        Command::Restore(file) => backup_command::restore(&file, &cli.start)
            .map(done)
            .map_err(Into::into),
        Command::Erase(erase) => erase_command::erase(&erase, &cli.start).await.map(done),
        Command::ReplayDeadLetters(replay) => replay_command::replay(&replay).await.map(done),
    };
    match result {
        Ok(code) => code,
        Err(error) => {
            log::report(&*error, cli.start.log_format);
            ExitCode::FAILURE
        }
    }
}
