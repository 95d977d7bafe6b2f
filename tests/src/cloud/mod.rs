//! The deployed stack as AWS runs it: the built functions in execution environments of their own,
//! DynamoDB Local, and SQS, S3 and Parameter Store by moto. The harness adds the parts of AWS that connect them:
//!
//! - [`gateway`]: the HTTP API, which turns requests into events of the functions.
//! - [`functions`]: execution environments, a process each, which can be killed and throttled.
//! - [`stream_source`]: the event source mapping of the table's stream, as a state machine: shards
//!   that split and end, lanes, batches, bisection, retries, record age, on-failure destination.
//! - [`stream_pump`]: reads the stream, and carries out what the mapping decides.
//! - [`queue_pump`]: the event source mappings of the queues.
//! - [`moto`]: the emulator of SQS, S3 and Parameter Store.
//! - [`stack`]: all of them put together from `template.yaml`.
//! - [`day`]: a day of calls, and its faults. `people` are the callers and Workers at the phones of
//!   the simulated carrier, `violations` what must be true at the end.
//!
//! Everything runs in real time. Cold starts, latencies and prices of AWS are not simulated.

pub mod day;
pub mod functions;
pub mod gateway;
pub mod moto;
mod people;
pub mod queue_pump;
pub mod stack;
pub mod stream_pump;
pub mod stream_source;
mod violations;
